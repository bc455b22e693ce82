import { test } from 'node:test';
import { useScene } from './place.ts';
import { storeCalls } from './store-calls.ts';
import { type RestoreSweep, sweepRestore } from './sweep-restore.ts';

const scene = useScene(2, { JOBS: '2' });

const sweeps: readonly RestoreSweep[] = [
  { title: 'queries to PostgreSQL, of lanes', args: [], channelOf: ({ proxy }) => proxy, most: 4, inParts: 'lanes' },
  {
    title: 'requests to the store, of lanes',
    args: [],
    channelOf: ({ server }) => storeCalls(server),
    most: 3,
    inParts: 'lanes',
  },
];

for (const sweep of sweeps) {
  test(`fault 39: a restore is killed at its ${sweep.title}: no row of a part is missing`, async (context) => {
    await sweepRestore(scene, context, sweep);
  });
}
