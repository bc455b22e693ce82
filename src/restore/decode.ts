import type { Artifact } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import { Meter } from '../pipeline/meter.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Store } from '../store/store.ts';

/**
 * An artifact's stored bytes. **It ends only if they are the ones that the manifest records**; otherwise iterating throws
 * before its last chunk, a Failure of kind `verification` that names the object and the difference.
 */
export async function* checkedBytes(
  store: Store,
  key: string,
  artifact: Artifact,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const meter = new Meter();
  const differs = (what: string): Failure =>
    new Failure('verification', `${store.describe(key)} ${what}`, {
      hint: 'The stored object is damaged or was replaced. Restore another backup; see list.',
      retryable: false,
    });
  yield* holdLast(meter.pass(store.get(key, signal)), () => {
    const { bytes, sha256 } = meter.result();
    if (bytes !== artifact.bytes) {
      throw differs(`has ${String(bytes)} bytes, but the manifest records ${String(artifact.bytes)}`);
    }
    if (sha256 !== artifact.sha256) {
      throw differs(`has the SHA-256 ${sha256}, but the manifest records ${artifact.sha256}`);
    }
  });
}

/**
 * The same chunks, the last one only after the source has ended well and the check has passed: whoever needs all of a
 * stream to act on it can never act on a stream that was cut or changed.
 */
export async function* holdLast(
  source: AsyncIterable<Uint8Array>,
  check: () => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array | undefined;
  for await (const chunk of source) {
    if (held) yield held;
    held = chunk;
  }
  check();
  if (held) yield held;
}

/**
 * What pg_dump wrote, from what is stored: checked, decrypted, decompressed. It ends only if every check has passed and
 * every program has exited with 0.
 */
export async function* decodedBytes(
  stored: AsyncIterable<Uint8Array>,
  stages: readonly (Stage | undefined)[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const programs = stages.filter((stage) => stage !== undefined);
  if (programs.length === 0) {
    yield* stored;
    return;
  }
  const joined = joinProcesses(programs, signal, stored);
  try {
    yield* joined.output;
  } finally {
    await joined.stop();
  }
}
