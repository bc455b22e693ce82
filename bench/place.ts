import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../test/support/run-command.ts';
import type { Place } from './contestants.ts';
import type { Bench } from './section.ts';

/** Makes a bucket, a folder and a pair of keys to measure in. */
export async function makePlace(bench: Bench): Promise<Place> {
  const [server, database, s3] = [await bench.server(), await bench.database(), await bench.s3()];
  const bucket = await s3.createBucket();
  const temporary = join(bench.folder, bucket);
  mkdirSync(temporary);
  const keys = await runCommand('age-keygen', []);
  const recipient = /age1\w+/.exec(keys)?.[0] ?? '';
  const identity = /AGE-SECRET-KEY-1\w+/.exec(keys)?.[0] ?? '';
  return { server, databaseUrl: database.url, s3, bucket, temporary, recipient, identity };
}

/** How the rounds were run, as the results tell it. */
export function roundsText(rounds: number): string {
  return `${rounds} round${rounds === 1 ? '' : 's'}, the ways one after the other in each`;
}
