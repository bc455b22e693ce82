import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../src/commands/commands.ts';

/** What one process holds after a backup, as a line of JSON. */
export interface Held {
  readonly exitCode: number;
  /** Of the heap, after garbage has been collected, in MB. */
  readonly heapMB: number;
  /** Of buffers. */
  readonly externalMB: number;
  readonly residentMB: number;
  readonly descriptors: number;
  /** What node would wait for, and how many listeners the process and the signal of its end have. */
  readonly resources: number;
  readonly listeners: number;
  readonly resultLine: string;
}

/*
 * node --expose-gc same-process-child.ts N: so many backups, one after the other, as src/main.ts has them made, by this
 * one process. Everything else is told by the environment.
 */
const times = Number(process.argv[2]);
// One for all of them: what listens to it and forgets to stop piles up.
const { signal } = new AbortController();
for (let run = 0; run < times; run += 1) {
  let resultLine = '';
  const exitCode = await runCommand({
    args: [],
    env: process.env,
    self: [process.execPath],
    signal,
    stdout: { write: (text) => (resultLine += text) },
    stderr: process.stderr,
    runId: randomUUID(),
  });
  // What was just closed is gone a little later.
  await sleep(50);
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.();
    await sleep(5);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const held: Held = {
    exitCode,
    heapMB: heapUsed / 1e6,
    externalMB: external / 1e6,
    residentMB: rss / 1e6,
    descriptors: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().length,
    listeners:
      getEventListeners(signal, 'abort').length +
      process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    resultLine,
  };
  process.stdout.write(`${JSON.stringify(held)}\n`);
}
