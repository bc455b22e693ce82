import type pg from 'pg';
import { createDatabase } from '../postgres/create-database.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { startScratchServer } from '../postgres/scratch-server.ts';
import { withSession } from '../postgres/with-session.ts';
import { cannotCreate } from './cannot-create.ts';
import type { ScratchDatabase, ScratchRequest } from './scratch-database.ts';

/**
 * An empty database on a server of our own, owned by a role that may do in it what its contents need and no more, or by a
 * superuser where `DRILL_ROLE` says so.
 */
export async function openOwnDatabase(request: ScratchRequest): Promise<ScratchDatabase> {
  const { drill, clientsDir, manifest, log, signal } = request;
  const { major, databaseBytes } = manifest.server;
  await using undo = new AsyncDisposableStack();
  const server = undo.use(
    await startScratchServer({ serversDir: clientsDir, atLeast: major, databaseBytes, log, signal }),
  );
  const { owner } = server;
  const trusted = drill.role === 'superuser';
  // Rows that a policy hides from their owner (FORCE ROW LEVEL SECURITY) have to be counted, too.
  const rights = trusted ? 'SUPERUSER BYPASSRLS' : 'BYPASSRLS';
  const prepare = async (client: pg.Client): Promise<string> => {
    const password = client.escapeLiteral(owner.password?.reveal() ?? '');
    await client.query(`CREATE ROLE ${client.escapeIdentifier(owner.user)} LOGIN ${rights} PASSWORD ${password}`);
    const like = manifest.server;
    const usual = like.encoding === 'UTF8' ? "LOCALE 'C.UTF-8'" : "LOCALE 'C'";
    await createDatabase(client, { name: owner.database, owner: owner.user, like, usual }, log).catch(
      (error: unknown) => cannotCreate(error),
    );
    const { rows } = await client.query<{ version: string }>(
      "SELECT pg_catalog.current_setting('server_version') AS version",
    );
    return (rows[0]?.version ?? '').split(' ')[0] ?? '';
  };
  let version: string;
  try {
    version = await withSession(server.superuser, signal, prepare);
  } catch (error) {
    throw server.died() ?? toDatabaseFailure('prepare the scratch server', error);
  }
  // What the database's owner sets as its defaults must not decide what names mean to the superuser.
  const options = ['search_path=', 'row_security=off', 'statement_timeout=0', 'lock_timeout=0'];
  // Those on login are the only code of a database that runs before the first query.
  if (server.major >= 17) options.push('event_triggers=off');
  const admin = {
    ...server.superuser,
    database: owner.database,
    libpqEnvironment: { PGOPTIONS: options.map((option) => `-c ${option}`).join(' ') },
  };
  const everything = undo.move();
  return {
    target: owner,
    trusted,
    admin,
    serverVersion: version,
    serverMajor: server.major,
    own: true,
    died: () => server.died(),
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}
