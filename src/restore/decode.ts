import type { Artifact } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import { Meter, measure } from '../pipeline/meter.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Store } from '../store/store.ts';
import { type DecodedLimit, limited } from './decoded-limit.ts';
import { type KnownBlocks, onlyKnown } from './known-blocks.ts';

/** How much of a stream is held back until all of it is known to be good. */
const heldBytes = 4096;

/**
 * An artifact's stored bytes, in pieces that are valid until the next is asked for. **It ends only if they are the ones that
 * the manifest records**; otherwise iterating throws before its last bytes, a Failure of kind `verification` that names the
 * object and the difference.
 * @param known where all of it was read before: then no byte comes through that was not the same.
 */
export async function* checkedBytes(
  store: Store,
  key: string,
  artifact: Artifact,
  signal: AbortSignal,
  known?: KnownBlocks,
): AsyncGenerator<Uint8Array, void, undefined> {
  const meter = new Meter();
  const differs = (what: string): Failure =>
    new Failure('verification', `${store.describe(key)} ${what}`, {
      hint: 'The stored object is damaged or was replaced. Restore another backup; see list.',
      retryable: false,
    });
  const demandSize = (bytes: number): void => {
    if (bytes === artifact.bytes) return;
    throw differs(`has ${String(bytes)} bytes, but the manifest records ${String(artifact.bytes)}`);
  };
  const head = await store.head(key, signal);
  if (head === undefined) throw differs('is missing, but the manifest records it');
  demandSize(head.bytes);
  async function* noMore(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      // pg_restore commits at the end of the dump, whatever comes after it.
      if (meter.bytes > artifact.bytes)
        throw differs(`has more bytes than the ${String(artifact.bytes)} of the manifest`);
      yield chunk;
    }
  }
  const stored = store.get(key, signal);
  const same = known ? onlyKnown(stored, known, store.describe(key)) : stored;
  yield* holdLast(noMore(meter.pass(same)), () => {
    const { bytes, sha256 } = meter.result();
    demandSize(bytes);
    if (sha256 !== artifact.sha256) {
      throw differs(`has the SHA-256 ${sha256}, but the manifest records ${artifact.sha256}`);
    }
  });
}

/**
 * Tells damage from everything else. A program that fails stops reading, before the checksum of all is known, and its own
 * words mislead: age takes a damaged header for a wrong key, pg_restore damaged lengths for a lack of memory. So the
 * object is read again, to the end.
 * @returns what to throw: that the object is not as recorded, or else what the program has said.
 */
export async function explainDecoding(
  thrown: unknown,
  { store, key, artifact, signal }: { store: Store; key: string; artifact: Artifact; signal: AbortSignal },
): Promise<unknown> {
  const address = store.describe(key);
  if (signal.aborted || !isUnexplained(thrown, address)) return thrown;
  try {
    await measure(checkedBytes(store, key, artifact, signal));
  } catch (error) {
    return error;
  }
  if (thrown.kind !== 'verification') return thrown;
  return new Failure('verification', `${address} is stored as it was recorded, but ${thrown.message}`, {
    hint: 'It was written like that. Restore another backup; see list.',
    cause: thrown,
    retryable: false,
  });
}

/** True for what a program has said, which may be wrong; what was found of the object itself names its address first. */
export function isUnexplained(thrown: unknown, address: string): thrown is Failure {
  return (
    thrown instanceof Failure &&
    ['config', 'dump', 'verification'].includes(thrown.kind) &&
    !thrown.message.startsWith(address)
  );
}

/**
 * The same bytes, the last of them only after the source has ended well and the check has passed: whoever needs all of a
 * stream to act on it can never act on a stream that was cut or changed. Takes and gives pieces that are valid until the
 * next is asked for.
 */
export async function* holdLast(
  source: AsyncIterable<Uint8Array>,
  check: () => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array | undefined;
  for await (const piece of source) {
    if (piece.length === 0) continue;
    if (held) yield held;
    const from = Math.max(0, piece.length - heldBytes);
    if (from > 0) yield piece.subarray(0, from);
    held = Uint8Array.from(piece.subarray(from));
  }
  check();
  if (held) yield held;
}

/**
 * What pg_dump wrote, from what is stored: checked, decrypted, decompressed. It ends only if every check has passed and
 * every program has exited with 0. **A piece is valid until the next is asked for.**
 * @throws {Failure} as the programs explain it; `dump` beyond the limit.
 */
export async function* decodedBytes(
  stored: AsyncIterable<Uint8Array>,
  stages: readonly (Stage | undefined)[],
  limit: DecodedLimit,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const programs = stages.filter((stage) => stage !== undefined);
  if (programs.length === 0) {
    yield* limited(stored, limit);
    return;
  }
  const joined = joinProcesses(programs, signal, stored);
  try {
    yield* limited(joined.batches, limit);
  } finally {
    await joined.stop();
  }
}
