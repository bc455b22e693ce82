import { join } from 'node:path';
import pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { explainRestore } from '../postgres/restore-failure.ts';
import { withSession } from '../postgres/with-session.ts';
import type { LeftOut } from '../restore/leave-out.ts';
import { superuserKinds } from '../restore/superuser-kinds.ts';
import { asListed, type TocEntry } from '../restore/toc-list.ts';
import type { Toc } from '../restore/toc.ts';
import { type SuperuserStatement, superuserStatement } from './superuser-statement.ts';

/** What becomes of the entries of a dump that the role of the restore may not create. */
export interface SuperuserPlan {
  /** Entries that the restore is to leave out, and why. */
  readonly leaveOut: ReadonlyMap<TocEntry, string>;
  /** What the superuser creates before and after the restore; see {@link runAsSuperuser}. */
  readonly before: readonly SuperuserStatement[];
  readonly after: readonly SuperuserStatement[];
  /** Left out, and created by nobody: the backup is not tried as it is. */
  readonly notTried: readonly LeftOut[];
}

/**
 * Sorts out what only a superuser may create: what fits a strict grammar our superuser creates, see
 * {@link superuserStatement}; the rest nobody does.
 * @param own false where the role of the restore is to try all: on a server that is not ours, or as a superuser. Then only
 * subscriptions are left out.
 * @throws {Failure} `dump` when pg_restore cannot write the SQL of an entry.
 */
export async function planSuperuserEntries(
  toc: Pick<Toc, 'entries' | 'file' | 'writeList'>,
  client: PostgresClient,
  { own, signal }: { own: boolean; signal: AbortSignal },
): Promise<SuperuserPlan> {
  const leaveOut = new Map<TocEntry, string>();
  const plan = {
    leaveOut,
    before: [] as SuperuserStatement[],
    after: [] as SuperuserStatement[],
    notTried: [] as LeftOut[],
  };
  for (const entry of toc.entries) {
    const { kind, name } = entry;
    if (kind === 'SUBSCRIPTION') leaveOut.set(entry, 'a copy must not connect to the publisher');
    if (!own || (kind !== 'PUBLICATION' && !superuserKinds.has(kind))) continue;
    const sql = await sqlOf(toc, entry, client, signal);
    const statement = superuserStatement(kind, name, sql);
    if (statement) {
      leaveOut.set(entry, 'only a superuser may create it, and the one of the scratch server does');
      plan[statement.when].push(statement);
    } else if (kind !== 'PUBLICATION') {
      const reason = 'only a superuser may create it, and it could do anything with his rights';
      leaveOut.set(entry, reason);
      plan.notTried.push({ entry, reason });
    }
  }
  leaveOutRemarks(toc.entries, leaveOut);
  return plan;
}

/** Comments and labels on what is left out, which belongs to somebody else or is not there. */
function leaveOutRemarks(entries: readonly TocEntry[], leaveOut: Map<TocEntry, string>): void {
  const gone = new Set<string>();
  for (const { kind, name } of leaveOut.keys()) {
    gone.add(`${kind} ${name}`);
    gone.add(`${kind} ${asListed(pg.escapeIdentifier(name))}`);
  }
  for (const entry of entries) {
    if (entry.kind !== 'COMMENT' && entry.kind !== 'SECURITY LABEL') continue;
    if (gone.has(entry.name.replace(/ USING \S+$/, ''))) leaveOut.set(entry, 'it is about something that is left out');
  }
}

async function sqlOf(
  toc: Pick<Toc, 'entries' | 'file' | 'writeList'>,
  entry: TocEntry,
  client: PostgresClient,
  signal: AbortSignal,
): Promise<string> {
  const others = toc.entries.filter((other) => other !== entry).map((other) => ({ entry: other, reason: '' }));
  const list = await toc.writeList(others);
  const chunks: Buffer[] = [];
  const stage = {
    name: 'pg_restore',
    program: join(client.binDir, 'pg_restore'),
    args: ['--no-owner', '--no-privileges', `--use-list=${list}`, '--file=-', toc.file],
    env: { LC_ALL: 'C' },
    explain: explainRestore,
  };
  const { output } = joinProcesses([stage], signal);
  for await (const chunk of output) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Has the superuser create what the plan says.
 * @returns the words of the server about each that it refused, empty where all of it is there.
 * @throws {Failure} `database` when the connection is lost.
 */
export async function runAsSuperuser(
  admin: ConnectionConfig,
  role: string,
  planned: readonly SuperuserStatement[],
  signal: AbortSignal,
): Promise<string[]> {
  if (planned.length === 0) return [];
  const refused: string[] = [];
  try {
    await withSession(admin, signal, async (client) => {
      for (const { statements, usedAs } of planned) {
        const grants = usedAs === undefined ? [] : [`GRANT USAGE ON ${usedAs} TO ${client.escapeIdentifier(role)}`];
        try {
          for (const statement of [...statements, ...grants]) await client.query(statement);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') throw error;
          refused.push(error.message);
        }
      }
    });
    return refused;
  } catch (error) {
    throw toDatabaseFailure('create what only a superuser may', error);
  }
}
