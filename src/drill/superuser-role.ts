import type { ConnectionConfig } from '../config/config.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { withSession } from '../postgres/with-session.ts';
import { switchOffEventTriggers } from './amcheck.ts';

/** What to do where only a superuser can restore, on a server of our own. */
export const superuserHint =
  'If you trust what the superusers of that database wrote, let the drill restore as a superuser: DRILL_ROLE=superuser, ' +
  'or drill --superuser. The SQL of the dump can then run any program as the user of the drill, and see its environment.';

/**
 * After a restore as a superuser (`DRILL_ROLE=superuser`): takes these rights away from every role but our own superuser,
 * and switches event triggers off, so that what follows is the same as after any other restore.
 * @param admin our own superuser in the restored database.
 * @throws {Failure} `database`.
 */
export async function takeSuperuser(admin: ConnectionConfig, signal: AbortSignal): Promise<void> {
  try {
    await withSession(admin, signal, async (session) => {
      await switchOffEventTriggers(session);
      const { rows } = await session.query<{ name: string }>(
        'SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolsuper AND rolname <> CURRENT_USER',
      );
      for (const { name } of rows) await session.query(`ALTER ROLE ${session.escapeIdentifier(name)} NOSUPERUSER`);
    });
  } catch (error) {
    throw toDatabaseFailure('take the rights of a superuser from the role of the restore', error);
  }
}
