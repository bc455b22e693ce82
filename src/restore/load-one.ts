import { isAllOrNothing } from '../catalog/restore-command.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig } from '../config/config.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { isPartial, type LoadOptions, pgRestoreStage, psqlStage } from '../postgres/load.ts';
import type { Position } from '../report/position.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import { holdsData, type LeftOut } from './leave-out.ts';
import { type ArtifactSource, checkWhole, loadArtifact } from './load.ts';
import type { Toc } from './toc.ts';

/** How a dump of everything is loaded. */
export interface OneLoading {
  readonly target: ConnectionConfig;
  readonly client: PostgresClient;
  readonly options: LoadOptions;
  readonly manifest: Manifest;
  /** Undefined for a plain dump. */
  readonly toc: Toc | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly section: 'all' | 'up to the rows';
  readonly progress: Progress;
}

/**
 * Streams a dump of everything into a database, in one transaction. One that can be committed before its last byte was read
 * is read to its end before.
 * @throws {Failure} see {@link loadArtifact}.
 */
export async function loadOne(source: ArtifactSource, loading: OneLoading): Promise<void> {
  const { target, client, options, manifest, toc, leftOut, section, progress } = loading;
  const { artifact, log } = source;
  const { database: name, contents } = manifest;
  const list = toc && leftOut.length > 0 ? await toc.writeList(leftOut) : undefined;
  // pg_restore reads no further than the last thing that it needs.
  const mayStopReading = isPartial(options) || leftOut.some(({ entry }) => holdsData(entry));
  const loader = toc
    ? pgRestoreStage(target, client, options, { list, section, mayStopReading })
    : psqlStage(target, client);
  const wasChecked = mayStopReading || !isAllOrNothing(artifact, contents);
  if (wasChecked) {
    log.info('checking all of the stored object before anything of it is loaded');
    using checking = followReading(progress, { name, totalBytes: artifact.bytes, log, step: 'checked' });
    await checkWhole(source, checking);
  }
  const of = toc && !mayStopReading ? toc.entries.filter(({ kind }) => kind === 'TABLE DATA').length : undefined;
  let table: Position['table'];
  let making: string | undefined;
  using reading = followReading(progress, {
    name,
    totalBytes: artifact.bytes,
    log,
    table: () => table,
    then: () => (making === undefined ? 'the server works on it' : `making ${making}`),
  });
  await loadArtifact(source, {
    loader,
    toc,
    wasChecked,
    reading,
    onTable: (loaded) => (table = { name: loaded, number: (table?.number ?? 0) + 1, of }),
    onMaking: (what) => (making = what),
  });
}
