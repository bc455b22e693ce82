import { buffer } from 'node:stream/consumers';
import type { ConnectionConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { type LoadOptions, psqlStage, scriptStage } from '../postgres/load.ts';
import type { LeftOut } from './leave-out.ts';
import { PlainGuard, withoutOwnRestriction } from './plain-guard.ts';
import type { TocEntry } from './toc-list.ts';
import type { Toc } from './toc.ts';

/** What is put in the place of what is there. */
export interface Replacement {
  readonly target: ConnectionConfig;
  readonly client: PostgresClient;
  readonly options: LoadOptions;
  /** Of the dump that has the definitions. */
  readonly toc: Toc;
  readonly leftOut: readonly LeftOut[];
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Drops all that the definitions of a dump make, and makes what comes before the rows, in one transaction. pg_restore only
 * drops the section that it makes, and tables cannot be dropped before the foreign keys to them, which come after the rows:
 * so its scripts are put together and psql runs them.
 * @throws {Failure} `dump` when the server refuses. The target is as it was then.
 */
export async function replaceDefinitions(replacement: Replacement): Promise<void> {
  const { target, client, options, toc, leftOut, log, signal } = replacement;
  const script = async (
    section: 'pre-data' | 'post-data',
    clean: boolean,
    less: readonly LeftOut[],
  ): Promise<Buffer> => {
    const list = less.length > 0 ? await toc.writeList(less) : undefined;
    const stage = scriptStage(client, { ...options, clean }, { list, file: toc.file, section });
    return await buffer(withoutOwnRestriction(joinProcesses([stage], signal).output));
  };
  const dropped = [...leftOut, ...ofPartitions(toc.entries)];
  const drops = dropsOf(await script('post-data', true, dropped), await script('post-data', false, dropped));
  const definitions = await script('pre-data', true, leftOut);
  const guard = new PlainGuard();
  const joined = joinProcesses([psqlStage(target, client)], signal, guard.guard(inTurn(drops, definitions)));
  try {
    for await (const output of joined.output) guard.hear(output);
    guard.demandEnd();
    log.debug('what the backup holds was dropped, and its tables are there anew');
  } finally {
    await joined.stop();
  }
}

/** Indexes and keys of partitions that belong to one of the whole table: PostgreSQL drops them with that one only. */
function ofPartitions(entries: readonly TocEntry[]): LeftOut[] {
  const where = (schema: string | undefined, index: string): string => JSON.stringify([schema, index]);
  const attached = new Set(
    entries.flatMap(({ kind, schema, name }) => (kind === 'INDEX ATTACH' ? where(schema, name) : [])),
  );
  const isAttached = ({ kind, schema, name }: TocEntry): boolean =>
    (kind === 'INDEX' && attached.has(where(schema, name))) ||
    // Its name is that of the table and its own: "sale_2026 sale_2026_pkey".
    (kind === 'CONSTRAINT' &&
      [...name.matchAll(/ /g)].some(({ index }) => attached.has(where(schema, name.slice(index + 1)))));
  return entries.filter(isAttached).map((entry) => ({ entry, reason: 'it goes with that of the whole table' }));
}

/**
 * The settings and the drops at the beginning of a script.
 * @param without the script of the same section without drops; they are all that it lacks.
 */
function dropsOf(script: Buffer, without: Buffer): Buffer {
  const more = script.length - without.length;
  let same = 0;
  while (same < without.length && script[same] === without[same]) same += 1;
  if (more < 0 || !script.subarray(same + more).equals(without.subarray(same))) {
    throw new Error('pg_restore --clean changes more of a script than the drops at its beginning');
  }
  return script.subarray(0, same + more);
}

async function* inTurn(...parts: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (const part of parts) yield await Promise.resolve(part);
}
