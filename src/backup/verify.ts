import type { RunConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Measure, measure } from '../pipeline/meter.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import type { Store } from '../store/store.ts';

/** How reading an object back is told and ended. */
export interface VerifyContext {
  /** What is read, in a word or two, for people. */
  readonly name: string;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Compares what the store has under a key with what was counted on the way there. `head` asks for its size, its writer
 * and, where the store vouches for one, its checksum; `download` reads all of it back and compares the SHA-256.
 * @throws {Failure} `verification` naming the object and the difference.
 */
export async function verifyStored(
  store: Store,
  key: string,
  runId: string,
  expected: Measure,
  mode: RunConfig['verify'],
  { name, progress, log, signal }: VerifyContext,
): Promise<void> {
  const where = store.describe(key);
  const differs = (what: string, hint: string): Failure => new Failure('verification', `${where} ${what}`, { hint });
  const stored = await store.head(key, signal);
  if (!stored) {
    throw differs('is not there after a complete upload', 'Does something else delete objects under this prefix?');
  }
  if (stored.bytes !== expected.bytes) {
    throw differs(
      `has ${String(stored.bytes)} bytes, but ${String(expected.bytes)} were sent`,
      'The store lost or changed data. Do not trust it until its operator has explained this.',
    );
  }
  if (stored.runId !== undefined && stored.runId !== runId) {
    throw differs(`was written by another run (${stored.runId})`, 'Give each job a prefix of its own.');
  }
  const damaged = 'The store changed data. Do not trust it until its operator has explained this.';
  if (stored.crc32 !== undefined && stored.crc32 !== expected.crc32) {
    throw differs('has another checksum than what was sent', damaged);
  }
  if (mode === 'download') {
    using reading = followReading(progress, { name, totalBytes: expected.bytes, log });
    const read = await measure(reading.pass(store.get(key, signal)));
    if (read.bytes !== expected.bytes || read.sha256 !== expected.sha256) {
      throw differs(`reads back with SHA-256 ${read.sha256}, but ${expected.sha256} was sent`, damaged);
    }
  }
}
