import { chooseDatabases } from '../backup/databases.ts';
import { refuseUndrillable } from '../backup/drill.ts';
import type { Config } from '../config/config.ts';
import { connectionTo } from '../config/databases.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { oneLine } from '../visible.ts';
import { prepareEncryption } from '../pipeline/encrypt.ts';
import { findClient } from '../postgres/clients.ts';
import { refusePoolerAddress } from '../postgres/pooler.ts';
import { missingRights, unreadableLargeObject } from '../postgres/rights.ts';
import { searchPathWarnings } from '../postgres/search-path-users.ts';
import { Session } from '../postgres/session.ts';
import { tryGlobals } from './doctor-globals.ts';

/** Tries one thing, which returns what is worth telling when it is fine. Resolves to the failure, where it fails. */
export type Check = (what: string, attempt: () => Promise<string>) => Promise<Failure | undefined>;

/** How databases are examined, and where that is told. */
export interface Examination {
  readonly log: Log;
  /** The `PATH` to look for programs in. */
  readonly searchPath: string;
  readonly signal: AbortSignal;
  readonly check: Check;
  readonly tell: (text: string) => void;
}

/**
 * Tries the login on every database that a run would back up, and what the run needs there.
 * @returns the configuration of the first of them, for what is the same for all.
 */
export async function examineDatabases(config: Config, examination: Examination): Promise<Config> {
  const { databases, source } = config;
  const { check, tell, signal } = examination;
  if (!databases) {
    await examineDatabase(config, examination);
    return config;
  }
  let names: readonly string[] = [];
  await check('databases', async () => {
    const chosen = await chooseDatabases(source.connection, databases, signal);
    ({ names } = chosen);
    for (const name of chosen.forbidden) {
      const { user } = source.connection;
      tell(`warn  ${oneLine(name)}: ${user} may not connect, so it is not backed up: grant CONNECT or exclude it\n`);
    }
    return names.map(oneLine).join(', ');
  });
  const each = names.map((name): Config => ({
    ...config,
    source: { ...source, connection: connectionTo(source.connection, name) },
  }));
  for (const one of each) {
    const name = oneLine(one.source.connection.database);
    await examineDatabase(one, {
      ...examination,
      check: (what, attempt) => check(`${name}: ${what}`, attempt),
      tell: (text) => tell(text.replace(/^(\w+ +)/, (start) => `${start}${name}: `)),
    });
  }
  return each[0] ?? config;
}

async function examineDatabase(config: Config, { log, searchPath, signal, check, tell }: Examination): Promise<void> {
  const { connection, clientsDir } = config.source;
  const lost = new AbortController();
  const opened: Session[] = [];
  await check('database login', async () => {
    refusePoolerAddress(connection);
    const session = await Session.open(connection, log, AbortSignal.any([signal, lost.signal]), (failure) => {
      lost.abort(failure);
    });
    opened.push(session);
    return `${connection.user} on ${connection.database}, PostgreSQL ${session.server.version}, no transaction pooler in between`;
  });
  const [session] = opened;
  if (!session) return;
  const { client, server } = session;
  try {
    await check('client programs', async () => `pg_dump ${(await findClient(clientsDir, server.major)).version}`);
    if (config.run.verify === 'drill') {
      await check('drill', async () => {
        await using encryption = await prepareEncryption(config.form.encryption, searchPath, signal);
        await refuseUndrillable({ config, searchPath, signal }, session, encryption);
        return 'the key, the server programs and the extensions are there';
      });
    }
    await check('rights on everything', async () => {
      const { unreadable, filtered } = await missingRights(client);
      if (unreadable.length > 0) {
        throw new Failure('dump', `${connection.user} may not read ${some(unreadable)}`, {
          hint: `GRANT pg_read_all_data TO ${client.escapeIdentifier(connection.user)}; (PostgreSQL 14 and later)`,
        });
      }
      if (filtered.length > 0) {
        throw new Failure('dump', `row-level security hides rows of ${some(filtered)} from ${connection.user}`, {
          hint: `ALTER ROLE ${client.escapeIdentifier(connection.user)} BYPASSRLS;`,
        });
      }
      const largeObject = await unreadableLargeObject(client);
      if (largeObject !== undefined) {
        throw new Failure('dump', `${connection.user} may not read a large object: ${largeObject}`, {
          hint: `ALTER ROLE ${client.escapeIdentifier(connection.user)} SET lo_compat_privileges = on; (as a superuser)`,
        });
      }
      return 'everything can be read';
    });
    const globals = await tryGlobals(config, session, signal);
    if (globals instanceof Failure && config.source.globals === 'auto') {
      tell(`warn  roles and settings: backups are made without them (GLOBALS=auto): ${globals.message}\n`);
    } else {
      await check('roles and settings', () =>
        globals instanceof Failure ? Promise.reject(globals) : Promise.resolve(globals),
      );
    }
    await check('snapshot', async () => `can be exported (${await session.exportSnapshot()})`);
    for (const warning of await searchPathWarnings(client, log)) tell(`warn  restoring: ${warning}\n`);
  } finally {
    await session.close();
  }
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${String(names.length - 5)} more` : shown;
}
