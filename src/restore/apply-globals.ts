import pg from 'pg';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { GlobalsScript, Membership, ScriptRole } from './globals-script.ts';

const { escapeIdentifier: quote } = pg;

/** What has become of globals on a server. */
export interface AppliedGlobals {
  /** Names of the roles that were created. */
  readonly roles: readonly ScriptRole[];
  readonly memberships: number;
  readonly tablespaces: readonly string[];
  /** Roles and tablespaces that were there, and were not touched. */
  readonly kept: readonly string[];
  /** What is not as it was in the source, and why. */
  readonly refused: readonly Refusal[];
  /** The same of tablespaces, which nothing of a restored database needs. */
  readonly refusedTablespaces: readonly Refusal[];
}

/** Something that the server did not do, in its words. */
export interface Refusal {
  readonly what: string;
  readonly reason: string;
}

/**
 * Creates the roles and tablespaces that the server does not have yet, and the memberships of new roles and in them. What
 * is there already is never changed, so that a second run changes nothing. All roles in one transaction; what the server
 * refuses is left out and told.
 * @throws {Failure} `database` when the connection is lost.
 */
export async function applyGlobals(session: pg.Client, script: GlobalsScript): Promise<AppliedGlobals> {
  try {
    const run = new Run(session);
    const { major, roles: before, tablespaces: spacesBefore } = await askServer(session);
    const roles = new Map(script.roles.filter(({ name }) => !before.has(name)).map((role) => [role.name, role]));
    const memberships = script.memberships.filter(({ role, member }) => roles.has(role) || roles.has(member));
    // The database that is connected to may forbid to write: pg_dumpall's own script lifts that, too.
    await session.query('BEGIN READ WRITE');
    const made: ScriptRole[] = [];
    for (const role of roles.values()) if (await run.role(role)) made.push(role);
    let granted = 0;
    for (const membership of memberships) if (await run.membership(membership, major, roles)) granted += 1;
    for (const { role, statement } of script.parameters.filter((one) => roles.has(one.role))) {
      await run.inTransaction(`the right of the role ${role} to a setting`, statement);
    }
    await session.query('COMMIT');
    // These cannot be created in a transaction.
    const spaces = script.tablespaces.filter(({ name }) => !spacesBefore.has(name));
    const madeSpaces: string[] = [];
    const refusedTablespaces: Refusal[] = [];
    for (const { name, create, more } of spaces) {
      try {
        await session.query(create);
        madeSpaces.push(name);
        for (const statement of more) await session.query(statement);
      } catch (error) {
        refusedTablespaces.push({ what: `tablespace ${name}`, reason: reasonOf(error) });
      }
    }
    const kept = [
      ...script.roles.filter(({ name }) => before.has(name)),
      ...script.tablespaces.filter(({ name }) => spacesBefore.has(name)),
    ].map(({ name }) => name);
    return {
      roles: made,
      memberships: granted,
      tablespaces: madeSpaces,
      kept,
      refused: run.refused,
      refusedTablespaces,
    };
  } catch (error) {
    throw toDatabaseFailure('restore roles and tablespaces', error);
  }
}

/**
 * Gives the connected database the settings that the dumped one had. Settings that it has already are not changed.
 * @returns what the server refused, and how many settings were made.
 * @throws {Failure} `database` when the connection is lost.
 */
export async function applySettings(
  session: pg.Client,
  { settings }: Pick<GlobalsScript, 'settings'>,
): Promise<{ readonly made: number; readonly refused: readonly Refusal[] }> {
  const refused: Refusal[] = [];
  let made = 0;
  try {
    const { rows } = await session.query<{ database: string; found: string[] }>(`
      SELECT d.datname AS database, ARRAY(
        SELECT pg_catalog.lower(pg_catalog.split_part(setting, '=', 1)) || ' ' || COALESCE(r.rolname, '')
        FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
        CROSS JOIN pg_catalog.unnest(s.setconfig) AS setting WHERE s.setdatabase = d.oid)::text[] AS found
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`);
    const { database = '', found = [] } = rows[0] ?? {};
    for (const { role, name, assignment } of settings) {
      if (found.includes(`${name.toLowerCase()} ${role ?? ''}`)) continue;
      const who = role === undefined ? '' : `ROLE ${quote(role)} IN `;
      const of = role === undefined ? '' : ` of the role ${role}`;
      try {
        await session.query(`ALTER ${who}DATABASE ${quote(database)} SET ${assignment}`);
        made += 1;
      } catch (error) {
        refused.push({ what: `the setting ${name}${of} in the database ${database}`, reason: reasonOf(error) });
      }
    }
  } catch (error) {
    throw toDatabaseFailure('restore the settings of the database', error);
  }
  return { made, refused };
}

type NewRoles = ReadonlyMap<string, ScriptRole>;

/** One run on a server, within its transaction. */
class Run {
  readonly refused: Refusal[] = [];
  readonly #session: pg.Client;

  constructor(session: pg.Client) {
    this.#session = session;
  }

  /** Tries a statement; where the server refuses it, nothing has happened. */
  async try(...statements: readonly string[]): Promise<string | undefined> {
    await this.#session.query('SAVEPOINT one');
    try {
      for (const statement of statements) await this.#session.query(statement);
      await this.#session.query('RELEASE SAVEPOINT one');
      return undefined;
    } catch (error) {
      const reason = reasonOf(error);
      await this.#session.query('ROLLBACK TO SAVEPOINT one');
      return reason;
    }
  }

  async inTransaction(what: string, statement: string): Promise<boolean> {
    const reason = await this.try(statement);
    if (reason !== undefined) this.refused.push({ what, reason });
    return reason === undefined;
  }

  /** In one statement, as one that may create roles but is no superuser must: it may not alter all of it afterwards. */
  async role({ name, options, more }: ScriptRole): Promise<boolean> {
    const made = await this.inTransaction(`role ${name}`, `CREATE ROLE ${quote(name)} ${options.join(' ')}`);
    if (!made) return false;
    for (const statement of more) await this.inTransaction(`a setting or comment of the role ${name}`, statement);
    return true;
  }

  /** By the same grantor where the server lets us, else by whoever restores. */
  async membership(membership: Membership, major: number, roles: NewRoles): Promise<boolean> {
    const { role, member, grantor } = membership;
    const what = `membership of ${member} in ${role}`;
    if (major < 16 && !isOld(membership, roles)) {
      this.refused.push({ what, reason: 'it is limited in a way that only PostgreSQL 16 and later know' });
      return false;
    }
    const grant = `GRANT ${quote(role)} TO ${quote(member)}${optionsOf(membership, major)}`;
    if (grantor !== undefined && (await this.try(`${grant} GRANTED BY ${quote(grantor)}`)) === undefined) return true;
    return this.inTransaction(what, grant);
  }
}

/** Whether a server before PostgreSQL 16 can keep it: there the member itself says whether it inherits. */
function isOld({ member, inherit, set }: Membership, roles: NewRoles): boolean {
  const options = roles.get(member)?.options ?? [];
  return set !== false && (inherit !== false || options.includes('NOINHERIT'));
}

function optionsOf({ admin, inherit, set }: Membership, major: number): string {
  const options = [
    admin ? 'ADMIN OPTION' : undefined,
    major < 16 || inherit === undefined ? undefined : `INHERIT ${String(inherit).toUpperCase()}`,
    major < 16 || set === undefined ? undefined : `SET ${String(set).toUpperCase()}`,
  ].filter((option) => option !== undefined);
  return options.length === 0 ? '' : ` WITH ${options.join(', ')}`;
}

async function askServer(session: pg.Client): Promise<{ major: number; roles: Set<string>; tablespaces: Set<string> }> {
  const { rows } = await session.query<{ version: number; roles: string[]; tablespaces: string[] }>(`
    SELECT pg_catalog.current_setting('server_version_num')::int AS version,
           ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles) AS roles,
           ARRAY(SELECT spcname::text FROM pg_catalog.pg_tablespace) AS tablespaces`);
  const { version = 0, roles = [], tablespaces = [] } = rows[0] ?? {};
  return { major: Math.floor(version / 10_000), roles: new Set(roles), tablespaces: new Set(tablespaces) };
}

/** @throws what is no refusal of the server: a lost connection. */
function reasonOf(error: unknown): string {
  // Of the code, as the severity is in the server's language: 08 and 57 are of connections that end.
  if (!(error instanceof pg.DatabaseError) || /^(?:08|57)/.test(error.code ?? '08')) throw error;
  return error.message;
}
