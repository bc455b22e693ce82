import { test } from 'node:test';
import { type Place, useScene } from './place.ts';
import { storeCalls } from './store-calls.ts';
import { type RestoreSweep, sweepRestore } from './sweep-restore.ts';
import { systemCalls } from './system-calls.ts';

const scene = useScene();
const queries = ({ proxy }: Place) => proxy;

const sweeps: readonly RestoreSweep[] = [
  { title: 'queries to PostgreSQL', args: [], channelOf: queries, most: 12 },
  {
    title: 'queries to PostgreSQL, with --jobs 2',
    args: ['--jobs', '2'],
    channelOf: queries,
    most: 6,
    inParts: 'jobs',
  },
  { title: 'queries to PostgreSQL, with --create', args: ['--create'], channelOf: queries, most: 3 },
  { title: 'requests to the store', args: [], channelOf: ({ server }) => storeCalls(server), most: 4 },
  { title: 'changes to files and starts of programs', args: [], channelOf: () => systemCalls, most: 4 },
];

for (const sweep of sweeps) {
  test(`fault 39: a restore is killed at its ${sweep.title}: the target is empty or whole`, async (context) => {
    await sweepRestore(scene, context, sweep);
  });
}
