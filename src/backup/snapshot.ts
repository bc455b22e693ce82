import { Failure } from '../errors.ts';
import { Census } from '../postgres/census.ts';
import { lockTables } from '../postgres/lock-tables.ts';
import type { RunContext } from './context.ts';
import { type LanePlan, planLanes } from './lane-plan.ts';
import type { Ready } from './ready.ts';

/** So many times a table may be dropped or renamed in the moment before it is locked. */
const mostTries = 5;

/** The moment that a backup is of. */
export interface Snapshot {
  /** For `pg_dump --snapshot`. */
  readonly name: string;
  readonly census: Census;
  /** Undefined for a dump that is one artifact. */
  readonly lanes: LanePlan | undefined;
}

/**
 * Exports a snapshot, and reads in it what the database holds. For a dump in lanes it then holds the lock of every table,
 * as its later lanes begin long after the first: where one was dropped, renamed or replaced between the snapshot and its
 * lock, another snapshot is taken.
 * @throws {Failure} `database`, `dump`.
 */
export async function beginSnapshot(
  { config, log }: Pick<RunContext, 'config' | 'log'>,
  { session }: Pick<Ready, 'session'>,
): Promise<Snapshot> {
  for (let tried = 1; tried <= mostTries; tried++) {
    const name = await session.exportSnapshot();
    const census = await Census.begin(session.client, config.source);
    const lanes = await planLanes(config, session, census);
    if (!lanes || (await lockTables(session.client, config.source.lockWaitTimeoutMs))) return { name, census, lanes };
    log.info('a table was dropped or renamed before it was locked: taking another snapshot');
    await session.endSnapshot();
  }
  throw new Failure('dump', 'tables were dropped or renamed all the while, so that they could not be locked', {
    hint: 'Move the backup away from migrations, or set JOBS=1.',
  });
}
