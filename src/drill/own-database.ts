import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { connect } from '../postgres/connect.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { startScratchServer } from '../postgres/scratch-server.ts';
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
    await createDatabase(client, owner.database, owner.user, manifest, log);
    const { rows } = await client.query<{ version: string }>('SHOW server_version');
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

async function createDatabase(
  client: pg.Client,
  name: string,
  owner: string,
  { server }: Manifest,
  log: Log,
): Promise<void> {
  const create = (locale: string): string =>
    `CREATE DATABASE ${client.escapeIdentifier(name)} OWNER ${client.escapeIdentifier(owner)} TEMPLATE template0
     ENCODING ${client.escapeLiteral(server.encoding)} LOCALE ${client.escapeLiteral(locale)}`;
  try {
    if (server.encoding === 'UTF8') {
      try {
        await client.query(create('C.UTF-8'));
        return;
      } catch {
        log.debug('this machine has no locale C.UTF-8');
      }
    }
    await client.query(create('C'));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('dump', `could not run: no database of encoding ${server.encoding} can be made: ${message}`, {
      cause,
      retryable: false,
    });
  }
}
