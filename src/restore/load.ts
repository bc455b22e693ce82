import type { Artifact } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import type { Decryption } from '../pipeline/decryption.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import type { Stage } from '../pipeline/stage.ts';
import { followRestore } from '../postgres/restore-lines.ts';
import type { FollowedReading } from '../report/reading.ts';
import type { Store } from '../store/store.ts';
import { checkedBytes, decodedBytes, explainDecoding, holdLast, isUnexplained } from './decode.ts';
import type { DecodedLimit } from './decoded-limit.ts';
import type { KnownBlocks } from './known-blocks.ts';
import { PlainGuard } from './plain-guard.ts';
import type { KnownNames } from './toc-list.ts';
import { readToc, type Toc } from './toc.ts';

/** How many lines of a loader that ended well are told. */
const mostWarnings = 500;

/** What the server says to a BEGIN within our transaction, and to our COMMIT after theirs. */
const ownTransaction = /WARNING: {2}there is (already a|no) transaction in progress$/;

/** Where an artifact comes from and how it is decoded. */
export interface ArtifactSource {
  readonly store: Store;
  readonly key: string;
  readonly artifact: Artifact;
  readonly limit: DecodedLimit;
  /** What was read of it before, see check-first.ts. */
  readonly known?: KnownBlocks | undefined;
  readonly decryption: Decryption;
  readonly searchPath: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What loads an artifact. */
export interface Loading {
  /** pg_restore or psql. */
  readonly loader: Stage;
  /** What {@link openToc} has read; undefined for a plain dump. */
  readonly toc: Toc | undefined;
  /**
   * The loader may commit before it has got the last byte (a part of a custom dump; a script with transactions of its
   * own, as pg_dump writes them round large objects): {@link checkWhole} has read all of the object before.
   */
  readonly wasChecked: boolean;
  readonly reading: FollowedReading;
  /** Called with each table whose rows are loaded, as `schema.table`. */
  readonly onTable: (name: string) => void;
  /** Called with whatever else is made, such as `INDEX public.orders_pkey`. */
  readonly onMaking?: (what: string) => void;
}

/**
 * Reads the head of a custom dump, up to the end of its table of contents. Dispose the result when it is not needed any
 * more.
 * @throws {Failure} `verification` for a damaged object or no table of contents, `config` for a wrong key.
 */
export async function openToc(source: ArtifactSource, client: PostgresClient, known: KnownNames): Promise<Toc> {
  const { store, key, artifact, limit, decryption, searchPath, signal } = source;
  const decompression = await decompressStage(artifact.compression, searchPath);
  // Ends what still decodes once enough was read, even while the store is silent.
  const over = new AbortController();
  const decoding = AbortSignal.any([signal, over.signal]);
  const stored = checkedBytes(store, key, artifact, decoding, source.known);
  try {
    return await readToc(
      decodedBytes(stored, [decryption.stage, decompression], limit, decoding),
      client,
      known,
      signal,
    );
  } catch (error) {
    throw await explainDecoding(error, source);
  } finally {
    over.abort(new Failure('dump', 'the table of contents was read'));
  }
}

/**
 * Reads all of one artifact, and does nothing with it.
 * @param toc of a custom dump: it must begin as its head did.
 * @throws {Failure} `verification` for a damaged object, `config` for a wrong key.
 */
export async function checkWhole(source: ArtifactSource, reading: FollowedReading, toc?: Toc): Promise<void> {
  await decodeWhole(source, reading, toc, () => undefined);
}

/**
 * Reads all of one artifact, decoded. What `take` was given is good only when this has ended well.
 * @param toc of a custom dump: it must begin as its head did.
 * @throws {Failure} as {@link checkWhole}; what `take` throws.
 */
export async function decodeWhole(
  source: ArtifactSource,
  reading: FollowedReading,
  toc: Toc | undefined,
  take: (chunk: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  const { store, key, artifact, limit, decryption, searchPath, signal } = source;
  const stages = [decryption.stage, await decompressStage(artifact.compression, searchPath)];
  try {
    const checked = reading.pass(checkedBytes(store, key, artifact, signal, source.known));
    const decoded = decodedBytes(checked, stages, limit, signal);
    for await (const chunk of toc?.compared(decoded) ?? decoded) await take(chunk);
  } catch (error) {
    throw await explainDecoding(error, source);
  }
}

/**
 * Streams one artifact from the store into a database. The loader gets the last bytes only after all of the stored object
 * has the recorded SHA-256 and decryption and decompression have ended well; where anything fails before, it is ended,
 * and its transaction with it, before it could take the rest for the end.
 * @throws {Failure} `verification` for a damaged object, `dump` when the server refuses, `config` for a wrong key.
 */
export async function loadArtifact(source: ArtifactSource, loading: Loading): Promise<void> {
  const { loader, toc, wasChecked, reading, onTable, onMaking = () => undefined } = loading;
  const { store, key, artifact, limit, decryption, searchPath, log, signal } = source;
  const decompression = await decompressStage(artifact.compression, searchPath);
  // Ends what decodes when the loader has ended first, even while the store is silent.
  const over = new AbortController();
  const decoding = AbortSignal.any([signal, over.signal]);
  const stored = reading.pass(checkedBytes(store, key, artifact, decoding, source.known));
  const bytes = decodedBytes(stored, [decryption.stage, decompression], limit, decoding);
  const decoded = holdLast(toc?.compared(bytes) ?? bytes);
  const guard = artifact.format === 'plain' ? new PlainGuard() : undefined;
  const isProgress = followRestore({ onTable, onMaking });
  const { stage: heard, warnings } = listenTo(loader, (line) => {
    const isKnown = toc === undefined && wasChecked && ownTransaction.test(line);
    if (isKnown) log.debug(`${line} (pg_dump puts a transaction of its own round large objects)`);
    return isKnown || isProgress(line);
  });
  const joined = joinProcesses([heard], signal, guard?.guard(decoded) ?? decoded);
  try {
    for await (const output of joined.output) {
      if (guard) guard.hear(output);
      else log.debug(output.toString('utf8').trim());
    }
    guard?.demandEnd();
    for (const warning of warnings) log.warn(warning);
  } catch (error) {
    if (isUnexplained(error, store.describe(key)) && error.kind !== 'verification' && !signal.aborted) {
      log.warn(`${error.message}; reading the stored object to its end, to see whether it is damaged`);
    }
    throw await explainDecoding(error, source);
  } finally {
    over.abort(new Failure('dump', 'the loader has ended'));
    await joined.stop();
    // Only now, when no loader could take it for the end of its input: waits until what decodes has ended too.
    await decoded.return().catch(() => undefined);
  }
}

/**
 * Runs pg_restore on a file that it reads itself, after which nothing is left to be checked.
 * @throws {Failure} `dump`.
 */
export async function runLoader(loader: Stage, log: Log, signal: AbortSignal): Promise<void> {
  const { stage, warnings } = listenTo(loader);
  for await (const output of joinProcesses([stage], signal).output) log.debug(output.toString('utf8').trim());
  for (const warning of warnings) log.warn(warning);
}

/** Keeps what a loader says, which is told after it has ended well; after a failure its error is told instead. */
function listenTo(
  loader: Stage,
  isProgress: (line: string) => boolean = () => false,
): { stage: Stage; warnings: readonly string[] } {
  const warnings: string[] = [];
  const onStderrLine = (line: string): boolean => {
    if (isProgress(line)) return true;
    if (warnings.length < mostWarnings) warnings.push(line);
    return false;
  };
  return { stage: { ...loader, onStderrLine }, warnings };
}
