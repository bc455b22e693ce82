import type { Artifact } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import type { Decryption } from '../pipeline/decryption.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Store } from '../store/store.ts';
import { checkedBytes, decodedBytes, explainDecoding, holdLast, isUnexplained } from './decode.ts';
import type { DecodedLimit } from './decoded-limit.ts';
import { PlainGuard } from './plain-guard.ts';
import { watchReading } from './progress.ts';

/** Where an artifact comes from and what loads it. */
export interface LoadRequest {
  readonly store: Store;
  readonly key: string;
  readonly artifact: Artifact;
  readonly limit: DecodedLimit;
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
  const { store, key, artifact, limit, decryption, loader, searchPath, log, signal } = request;
  const decompression = await decompressStage(artifact.compression, searchPath);
  if (request.checkFirst) {
    log.info('checking all of the stored object before anything of it is loaded');
    try {
      const stages = [decryption.stage, decompression];
      for await (const _chunk of decodedBytes(checkedBytes(store, key, artifact, signal), stages, limit, signal));
    } catch (error) {
      throw await explainDecoding(error, { store, key, artifact, signal });
    }
  }
  using reading = watchReading(artifact.bytes, log);
  // Ends what decodes when the loader has ended first, even while the store is silent.
  const over = new AbortController();
  const decoding = AbortSignal.any([signal, over.signal]);
  const stored = reading.pass(checkedBytes(store, key, artifact, decoding));
  const decoded = holdLast(decodedBytes(stored, [decryption.stage, decompression], limit, decoding));
  const guard = artifact.format === 'plain' ? new PlainGuard() : undefined;
  const joined = joinProcesses([loader], signal, guard?.guard(decoded) ?? decoded);
  try {
    for await (const output of joined.output) {
      if (guard) guard.hear(output);
      else log.debug(output.toString('utf8').trim());
    }
    guard?.demandEnd();
  } catch (error) {
    if (isUnexplained(error, store.describe(key)) && error.kind !== 'verification' && !signal.aborted) {
      log.warn(`${error.message}; reading the stored object to its end, to see whether it is damaged`);
    }
    throw await explainDecoding(error, { store, key, artifact, signal });
  } finally {
    over.abort(new Failure('dump', 'the loader has ended'));
    await joined.stop();
    // Only now, when no loader could take it for the end of its input: waits until what decodes has ended too.
    await decoded.return().catch(() => undefined);
  }
}
