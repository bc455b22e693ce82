import { dumpsOf, type Manifest } from '../catalog/manifest.ts';
import type { ReaderConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Decryption } from '../pipeline/decryption.ts';
import type { Progress } from '../report/progress.ts';
import type { Store } from '../store/store.ts';
import { checkFirst, type KnownArtifacts } from './check-first.ts';
import { decodedLimit } from './decoded-limit.ts';
import type { ArtifactSource } from './load.ts';

/** Where a backup is, and what decodes it. */
export interface SourcesRequest {
  readonly config: Pick<ReaderConfig, 'signing' | 'restoreMaxSize'>;
  readonly store: Store;
  /** The backup's folder in the store, with its slash. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** How many artifacts are read at once, where all of them are read first. */
  readonly atOnce: number;
  readonly decryption: Decryption;
  readonly searchPath: string;
  readonly log: Log;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * The artifacts that together hold a backup's database, in the manifest's order.
 * @param known of {@link checkFirst}, where it was called before; else it is called now.
 * @throws {Failure} see {@link checkFirst}.
 */
export async function openSources(request: SourcesRequest, known?: KnownArtifacts): Promise<ArtifactSource[]> {
  const { config, store, folder, manifest, atOnce, decryption, searchPath, log, progress, signal } = request;
  const artifacts = dumpsOf(manifest);
  const reading = { store, folder, artifacts, atOnce, name: manifest.database, progress, log, signal };
  const read = known ?? (await checkFirst(config.signing, reading));
  return artifacts.map((artifact) => {
    const key = folder + artifact.key;
    const limit = decodedLimit(config.restoreMaxSize, manifest, store.describe(key));
    return { store, key, artifact, limit, known: read.get(artifact.key), decryption, searchPath, log, signal };
  });
}

/** What was read of the artifacts before they were opened. */
export function knownOf(sources: readonly ArtifactSource[]): KnownArtifacts {
  return new Map(sources.flatMap(({ artifact, known }) => (known ? [[artifact.key, known] as const] : [])));
}
