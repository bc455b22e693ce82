import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say, styled } from './page.ts';
import { tellStory } from './story.ts';

/*
 * `npm run demo`: a shop's database is backed up into an S3 server by the real ./entrypoint.sh and comes back, with
 * stock tools only, into a fresh database. Everything is thrown away at the end, on Ctrl-C too.
 * Exit code 0 when everything that came back is equal.
 */
const stop = new AbortController();
const stopped = new Promise<never>((_, reject) => {
  stop.signal.addEventListener('abort', () => {
    reject(new Error('stopped'));
  });
});
let exitCode = 1;
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(name, () => {
    exitCode = code;
    stop.abort();
  });
}
process.stdout.on('error', () => undefined); // `npm run demo | head`

const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-demo-'));
chmodSync(folder, 0o711); // the server, which is another user when root runs this, has its own folder in it
process.env['TMPDIR'] = folder;
const resources = new AsyncDisposableStack();
const story = tellStory({ folder, resources, signal: stop.signal });
try {
  const equal = await Promise.race([story, stopped]);
  if (equal) exitCode = 0;
  else say(`\n ${styled('red', '✘ what came back is not the same: please report this')}`);
} catch (error) {
  say(`\n ${styled('red', '✘')} ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await resources.disposeAsync();
  await Promise.race([story.catch(() => undefined), sleep(5000)]);
  rmSync(folder, { recursive: true, force: true });
  // What a stopped story still waits for must not keep this process.
  process.stdout.write('', () => process.exit(exitCode));
}
