import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../src/log.ts';
import { type Run, startBackup } from '../../src/schedule/child.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { processesMarked } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** A shell script in the place of this program, and what is logged about it. */
function start(script: string, stopWithinMs?: number): { run: Run; told: () => string; marker: string } {
  const file = join(temporaryFolder(), 'program');
  writeFileSync(file, script);
  const marker = `MARKER=${file}`;
  let log = '';
  const run = startBackup({
    self: ['/bin/sh', file],
    env: { PATH: process.env['PATH'], MARKER: file },
    timeoutMs: 60_000,
    ...(stopWithinMs !== undefined && { stopWithinMs }),
    log: createLog({ format: 'auto', level: 'info' }, { write: (text) => (log += text) }, (text) => text),
  });
  return { run, told: () => log, marker };
}

for (const [script, exitCode] of [
  ['[ "$*" = backup ]', 0],
  ['exit 74', 74],
  ['kill -KILL $$', 137],
] as const) {
  test(`a run that does ${script} has the exit code ${String(exitCode)}`, async () => {
    assert.deepEqual(await start(script).run.ended, { exitCode });
  });
}

test('a program that cannot be started is a failed run', async () => {
  let log = '';
  const run = startBackup({
    self: ['/nonexistent/program'],
    env: {},
    timeoutMs: 60_000,
    log: createLog({ format: 'auto', level: 'info' }, { write: (text) => (log += text) }, (text) => text),
  });
  assert.deepEqual(await run.ended, { exitCode: 126 });
  assert.match(log, /ERROR: the backup could not be started: .*ENOENT/);
  await run.stop('SIGTERM');
});

test('a run that is told to end ends in its own time', async () => {
  const { run, told, marker } = start('trap "exit 143" TERM; while :; do sleep 0.05; done');
  await until('it runs', () => processesMarked(marker).some(({ argv }) => argv[0] === 'sleep'));
  await run.stop('SIGTERM');
  assert.deepEqual([await run.ended, told()], [{ exitCode: 143 }, '']);
});

test('one that does not is ended by force, with what it has started', async () => {
  const { run, told, marker } = start('trap "" TERM; sleep 60', 50);
  await until('it runs', () => processesMarked(marker).some(({ argv }) => argv[0] === 'sleep'));
  await run.stop('SIGTERM');
  assert.deepEqual(await run.ended, { exitCode: 137 });
  assert.match(told(), /ERROR: the backup has not ended in time: ending it by force/);
  await until('nothing is left', () => processesMarked(marker).length === 0);
});
