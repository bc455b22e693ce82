import { connect } from '../postgres/connect.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { startScratchServer } from '../postgres/scratch-server.ts';
import { createDatabase } from './create-database.ts';
import type { ScratchDatabase, ScratchRequest } from './scratch.ts';

/** An empty database on a server of our own, owned by a role that may do in it what its contents need and no more. */
export async function openOwnDatabase({ clientsDir, manifest, log, signal }: ScratchRequest): Promise<ScratchDatabase> {
  const { major, databaseBytes } = manifest.server;
  await using undo = new AsyncDisposableStack();
  const server = undo.use(
    await startScratchServer({ serversDir: clientsDir, atLeast: major, databaseBytes, log, signal }),
  );
  const { owner } = server;
  const client = await connect(server.superuser, signal);
  client.on('error', () => undefined);
  let version: string;
  try {
    const password = client.escapeLiteral(owner.password?.reveal() ?? '');
    // Rows that a policy hides from their owner (FORCE ROW LEVEL SECURITY) have to be counted, too.
    await client.query(`CREATE ROLE ${client.escapeIdentifier(owner.user)} LOGIN BYPASSRLS PASSWORD ${password}`);
    const like = manifest.server;
    const usual = like.encoding === 'UTF8' ? "LOCALE 'C.UTF-8'" : "LOCALE 'C'";
    await createDatabase(client, { name: owner.database, owner: owner.user, like }, usual, log);
    const { rows } = await client.query<{ version: string }>(
      "SELECT pg_catalog.current_setting('server_version') AS version",
    );
    version = (rows[0]?.version ?? '').split(' ')[0] ?? '';
  } catch (error) {
    throw server.died() ?? toDatabaseFailure('prepare the scratch server', error);
  } finally {
    await client.end().catch(() => undefined);
  }
  // What the database's owner sets as its defaults must not decide what names mean to the superuser.
  const admin = {
    ...server.superuser,
    database: owner.database,
    libpqEnvironment: { PGOPTIONS: '-c search_path= -c row_security=off -c statement_timeout=0 -c lock_timeout=0' },
  };
  const everything = undo.move();
  return {
    target: owner,
    admin,
    serverVersion: version,
    serverMajor: server.major,
    own: true,
    died: () => server.died(),
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}
