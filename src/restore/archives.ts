import { schemaLane } from '../catalog/lane-names.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { type ArtifactSource, openToc } from './load.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';
import type { KnownNames, TocEntry } from './toc-list.ts';
import type { Toc } from './toc.ts';

/** A custom dump, of which the head was read. */
export interface Archive {
  readonly source: ArtifactSource;
  readonly toc: Toc;
}

/** The custom dumps that together hold a database. Disposing removes their heads. */
export interface Archives extends AsyncDisposable {
  /** Of all of them. */
  readonly entries: readonly TocEntry[];
  /** What has the definitions: the one dump of everything, or of several lanes that of the schema. */
  readonly main: Archive;
  /** The other lanes, which hold nothing but contents, the largest first; undefined where one dump has everything. */
  readonly lanes: readonly Archive[] | undefined;
}

/**
 * Reads the heads of custom dumps, so many at once.
 * @param sources one, or all lanes of a backup.
 * @throws {Failure} see {@link openToc}.
 */
export async function openArchives(
  sources: readonly ArtifactSource[],
  client: PostgresClient,
  known: KnownNames,
  atOnce: number,
  signal: AbortSignal,
): Promise<Archives> {
  await using opened = new AsyncDisposableStack();
  const archives = await sideBySide(sources, atOnce, signal, async (source, either) => ({
    source,
    toc: opened.use(await openToc({ ...source, signal: either }, client, known)),
  }));
  const main = archives.find(({ source }) => archives.length === 1 || source.artifact.lane === schemaLane);
  if (!main) throw new Error('a backup in lanes has one of the schema');
  const others = archives
    .filter((archive) => archive !== main)
    .sort((a, b) => b.source.artifact.bytes - a.source.artifact.bytes);
  const entries = [main, ...others].flatMap(({ toc }) => toc.entries);
  const all = opened.move();
  return {
    entries,
    main,
    lanes: archives.length === 1 ? undefined : others,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
