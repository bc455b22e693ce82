import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { startCeph } from './ceph.ts';

/*
 * `npm test`: starts one S3 gateway for all test files, runs them with node's own test runner, and stops the gateway.
 * Arguments: `image` runs the image's tests (test/image) instead of the others; a word keeps only the test files whose
 * path contains it; what starts with `-` goes to node, for example --test-name-pattern=….
 */
const root = join(import.meta.dirname, '../..');
const args = process.argv.slice(2);
const flags = args.filter((argument) => argument.startsWith('-'));
const words = args.filter((argument) => !argument.startsWith('-') && argument !== 'image');
const wantsImage = args.includes('image');

const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((path) => path.startsWith('test/image/') === wantsImage)
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`run.ts: no test file matches ${args.join(' ') || 'test/**/*.test.ts'}`);
  process.exit(64);
}

const started = process.env['TEST_S3_ENDPOINT'] ? undefined : await startCeph();
const store = started && {
  TEST_S3_ENDPOINT: started.endpoint,
  TEST_S3_ACCESS_KEY: started.accessKeyId,
  TEST_S3_SECRET_KEY: started.secretAccessKey,
};
const limit = wantsImage ? 600_000 : 120_000; // ms for one test
// Force: a test file that leaves a timer or a socket behind would otherwise never end.
const runner = [
  '--test',
  '--test-force-exit',
  '--test-concurrency=2',
  `--test-timeout=${limit}`,
  '--test-reporter=spec',
  ...flags,
];
const child = spawn(process.execPath, [...runner, ...files], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, ...store },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((resolve) => child.once('close', (exitCode) => resolve(exitCode ?? 1)));
await started?.stop();
process.exitCode = code;
