import type { ConnectionConfig } from '../config/config.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { definitionsStage, isPartial, type LoadOptions, pgRestoreStage } from '../postgres/load.ts';
import type { Position } from '../report/position.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import type { Archive } from './archives.ts';
import { limitedTogether } from './decoded-limit.ts';
import { holdsData, type LeftOut } from './leave-out.ts';
import { checkWhole, loadArtifact, runLoader } from './load.ts';
import { replaceDefinitions } from './replace-definitions.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';
import { asListed } from './toc-list.ts';

/** How the lanes of a backup are loaded. */
export interface LanesLoading {
  readonly target: ConnectionConfig;
  readonly client: PostgresClient;
  readonly options: LoadOptions;
  readonly leftOut: readonly LeftOut[];
  /** What is restored, in a word or two, for people. */
  readonly name: string;
  readonly progress: Progress;
}

/**
 * Makes what comes before the rows, in one transaction; all but the rows where they are not asked for, and where only they
 * are, the large objects that the lane has: pg_dump up to 16 puts what makes them there, and counts it among the rows.
 * With `clean` what all of the definitions make is dropped first, in that transaction. The lane is read to its end before.
 * @throws {Failure} `verification` for a damaged object, `dump` when the server refuses. Nothing is left behind then.
 */
export async function loadDefinitions(archive: Archive, loading: LanesLoading): Promise<void> {
  const { name, progress } = loading;
  const { artifact, log } = archive.source;
  {
    using reading = followReading(progress, { name, totalBytes: artifact.bytes, log, step: 'checked' });
    await checkWhole(archive.source, reading, archive.toc);
  }
  await makeDefinitions(archive, loading);
}

/**
 * The same from an archive that was read to its end before.
 * @throws {Failure} `dump` when the server refuses. Nothing is left behind then.
 */
export async function makeDefinitions({ source, toc }: Archive, loading: LanesLoading): Promise<void> {
  const { target, client, options, leftOut } = loading;
  const { log, signal } = source;
  if (options.only === 'data' && !toc.entries.some(({ kind }) => kind === 'BLOB')) return;
  const section = options.only === 'schema' ? 'all but the rows' : 'before the rows';
  if (options.clean && section === 'before the rows') {
    await replaceDefinitions({ target, client, options, toc, leftOut, log, signal });
    return;
  }
  const list = leftOut.length > 0 ? await toc.writeList(leftOut) : undefined;
  await runLoader(definitionsStage(target, client, options, { list, file: toc.file, section }), log, signal);
}

/**
 * Streams the lanes that hold contents into the database, so many at once, each in a session and a transaction of its own.
 * At the first failure the others are ended; those that had ended before stay.
 * @throws {Failure} see {@link loadArtifact}.
 */
export async function loadRows(lanes: readonly Archive[], jobs: number, loading: LanesLoading): Promise<void> {
  const { target, client, options, leftOut, name, progress } = loading;
  const wanted = lanes.filter((lane) => isWanted(lane, options));
  const [first] = wanted;
  if (!first) return;
  const { log, signal } = first.source;
  const without = new Set(leftOut.map(({ entry }) => entry));
  const totalBytes = wanted.reduce((total, { source }) => total + source.artifact.bytes, 0);
  const of = wanted.flatMap(({ toc }) => toc.entries).filter(({ kind }) => kind === 'TABLE DATA').length;
  log.info(`the tables are there; loading rows from ${counted(wanted.length, 'lane')}, ${String(jobs)} at once`);

  // pg_restore reads no further than the last thing that it needs.
  const mayStop = ({ toc }: Archive): boolean =>
    isPartial(options) || toc.entries.some((entry) => without.has(entry) && holdsData(entry));
  const early = wanted.filter(mayStop);
  if (early.length > 0) {
    log.info('checking all of the stored objects of which parts are loaded');
    const bytes = early.reduce((total, { source }) => total + source.artifact.bytes, 0);
    using reading = followReading(progress, { name, totalBytes: bytes, log, step: 'checked' });
    const sources = limitedTogether(early.map(({ source }) => source));
    await sideBySide(sources, jobs, signal, (source, either) => checkWhole({ ...source, signal: either }, reading));
  }

  let table: Position['table'];
  using reading = followReading(progress, {
    name,
    totalBytes,
    log,
    table: () => table,
    then: () => 'the server works on it',
  });
  const onTable = (loaded: string): void => {
    table = { name: loaded, number: (table?.number ?? 0) + 1, of: isPartial(options) ? undefined : of };
  };
  const sources = limitedTogether(wanted.map(({ source }) => source));
  const lanesToLoad = wanted.map((lane, index) => ({ ...lane, source: sources[index] ?? lane.source }));
  await sideBySide(lanesToLoad, jobs, signal, async (lane, either) => {
    const { source, toc } = lane;
    const mayStopReading = mayStop(lane);
    const list = toc.entries.some((entry) => without.has(entry)) ? await toc.writeList(leftOut) : undefined;
    const loader = pgRestoreStage(target, client, options, { list, section: 'rows', mayStopReading });
    await loadArtifact({ ...source, signal: either }, { loader, toc, wasChecked: mayStopReading, reading, onTable });
  });
}

/** Whether a lane holds anything of what is asked for. pg_restore knows tables and sequences by name, and nothing else. */
function isWanted({ toc }: Archive, { schemas, tables, only }: LoadOptions): boolean {
  if (only === 'schema') return false;
  const isNamed = (names: readonly string[], name: string | undefined): boolean =>
    names.length === 0 || names.some((one) => asListed(one) === name);
  return (
    (schemas.length === 0 && tables.length === 0) ||
    toc.entries.some(({ schema, name }) => isNamed(schemas, schema) && isNamed(tables, name))
  );
}

function counted(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
