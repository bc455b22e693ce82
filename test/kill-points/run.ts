import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

/*
 * `npm run kill-points`: the sweeps of this folder at every single point, which takes about an hour on two cores; a word
 * keeps the files whose name holds it. `npm run at-once`: two runs at once, a hundred times; a number is how often.
 */
const root = join(import.meta.dirname, '../..');
const [what = 'all', ...args] = process.argv.slice(2);
const words = args.filter((argument) => !/^\d+$/.test(argument));
const times = args.find((argument) => /^\d+$/.test(argument)) ?? '100';
const files = globSync('test/kill-points/*.test.ts', { cwd: root })
  .filter((file) => file.endsWith('/at-once.test.ts') === (what === 'at-once'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
const child = spawn(
  process.execPath,
  ['--test', '--test-force-exit', '--test-concurrency=1', '--test-timeout=7200000', '--test-reporter=spec', ...files],
  { cwd: root, stdio: 'inherit', env: { ...process.env, KILL_POINTS: 'all', AT_ONCE: times } },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.once('close', (exitCode) => {
  process.exitCode = exitCode ?? 1;
});
