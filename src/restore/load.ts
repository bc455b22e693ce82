import type { Artifact } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import type { Decryption } from '../pipeline/decryption.ts';
import { measure } from '../pipeline/meter.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Store } from '../store/store.ts';
import { checkedBytes, decodedBytes, explainDecoding, holdLast } from './decode.ts';
import { PlainGuard } from './plain-guard.ts';
import { watchReading } from './progress.ts';

/** Where an artifact comes from and what loads it. */
export interface LoadRequest {
  readonly store: Store;
  readonly key: string;
  readonly artifact: Artifact;
  readonly decryption: Decryption;
  /** pg_restore or psql. */
  readonly loader: Stage;
  /**
   * The loader may commit before it has got the last byte (a part of a custom dump; a script with transactions of its
   * own, as pg_dump writes them round large objects): read all of the object once before anything is loaded.
   */
  readonly checkFirst: boolean;
  readonly searchPath: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Streams one artifact from the store into a database. The loader gets the last bytes only after all of the stored object
 * has the recorded SHA-256 and decryption and decompression have ended well; where anything fails before, it is ended,
 * and its transaction with it, before it could take the rest for the end.
 * @throws {Failure} `verification` for a damaged object, `dump` when the server refuses, `config` for a wrong key.
 */
export async function loadArtifact(request: LoadRequest): Promise<void> {
  const { store, key, artifact, decryption, loader, searchPath, log, signal } = request;
  const decompression = await decompressStage(artifact.compression, searchPath);
  if (request.checkFirst) {
    log.info('checking all of the stored object before anything of it is loaded');
    try {
      const stages = [decryption.stage, decompression];
      await measure(decodedBytes(checkedBytes(store, key, artifact, signal), stages, signal));
    } catch (error) {
      throw await explainDecoding(error, { store, key, artifact, signal });
    }
  }
  using reading = watchReading(artifact.bytes, log);
  // Ends what decodes when the loader has ended first, even while the store is silent.
  const over = new AbortController();
  const decoding = AbortSignal.any([signal, over.signal]);
  const stored = reading.pass(checkedBytes(store, key, artifact, decoding));
  const decoded = holdLast(decodedBytes(stored, [decryption.stage, decompression], decoding));
  const guard = artifact.format === 'plain' ? new PlainGuard() : undefined;
  const joined = joinProcesses([loader], signal, guard?.guard(decoded) ?? decoded);
  try {
    for await (const output of joined.output) {
      if (guard) guard.hear(output);
      else log.debug(output.toString('utf8').trim());
    }
    guard?.demandEnd();
  } catch (error) {
    if (error instanceof Failure && (error.kind === 'config' || error.kind === 'dump') && !signal.aborted) {
      log.warn(`${error.message}; reading the stored object to its end, to see whether it is damaged`);
    }
    throw await explainDecoding(error, { store, key, artifact, signal });
  } finally {
    over.abort(new Failure('dump', 'the loader has ended'));
    await joined.stop();
  }
}
