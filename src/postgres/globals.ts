import { join } from 'node:path';
import type pg from 'pg';
import type { SourceConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage, StageExit } from '../pipeline/stage.ts';
import type { PostgresClient } from './clients.ts';
import { databaseSettings } from './database-settings.ts';
import { explainDump } from './dump-failure.ts';
import { libpqEnvironment } from './libpq-environment.ts';

/** How the globals are to be dumped by this login. */
export interface GlobalsPlan {
  /** The roles come with their passwords, which are hashes. */
  readonly passwords: boolean;
  /** Why they come with or without, for people. */
  readonly reason: string;
  /** SQL with the settings of the connected database, which pg_dumpall leaves out. */
  readonly settings: string;
  /** Limits that role, database or server set for a session and that pg_dumpall, other than pg_dump, does not lift. */
  readonly limits: readonly string[];
}

/**
 * Finds out what this login may dump. To be asked outside of a transaction: a refused query would end it.
 * @throws what the server refuses.
 */
export async function planGlobals(client: pg.Client, encrypted: boolean): Promise<GlobalsPlan> {
  const { rows } = await client.query<{ readable: boolean }>(
    `SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS readable`,
  );
  const readable = rows[0]?.readable === true;
  const limits = await client.query<{ name: string }>(
    `SELECT name FROM pg_catalog.pg_settings WHERE name LIKE '%\\_timeout' AND reset_val <> '0' AND name IN
       ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')`,
  );
  const reason = !readable
    ? 'this login may not read them'
    : encrypted
      ? 'this login may read them, and backups are encrypted'
      : 'backups are not encrypted';
  return {
    passwords: readable && encrypted,
    reason,
    settings: await databaseSettings(client),
    limits: limits.rows.map(({ name }) => name),
  };
}

/** The pg_dumpall process, and what else there is to be said: the globals as one script of SQL. */
export interface GlobalsDump {
  readonly source: SourceConfig;
  readonly client: PostgresClient;
  readonly plan: GlobalsPlan;
  readonly onWarning: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The last line of a whole script of pg_dumpall. */
const lastLine = '-- PostgreSQL database cluster dump complete';

/**
 * Roles, memberships, tablespaces and the settings of the connected database. It ends only if pg_dumpall has exited with 0.
 * @throws {Failure} `dump` saying what the server refused; the signal's reason.
 */
export async function* dumpGlobals(dump: GlobalsDump): AsyncGenerator<Uint8Array, void, undefined> {
  const { output, stop } = joinProcesses([globalsStage(dump)], dump.signal);
  let end = '';
  try {
    for await (const chunk of output) {
      end = (end + chunk.toString('latin1')).slice(-4096);
      yield chunk;
    }
  } finally {
    await stop();
  }
  if (!end.includes(lastLine)) {
    throw new Failure('dump', 'pg_dumpall succeeded without writing all of the globals', {
      hint: 'Is the pg_dumpall in PG_CLIENTS_DIR the real one?',
    });
  }
  yield Buffer.from(dump.plan.settings);
}

function globalsStage({ source: { connection }, client, plan, onWarning }: GlobalsDump): Stage {
  const { libpqEnvironment: more, database } = connection;
  const options = [more['PGOPTIONS'], ...plan.limits.map((name) => `-c ${name}=0`)].filter(Boolean).join(' ');
  return {
    name: 'pg_dumpall',
    program: join(client.binDir, 'pg_dumpall'),
    args: [
      '--globals-only',
      '--no-password',
      '--encoding=UTF8',
      // Else it asks for `postgres`, which a provider may not let anybody into. In this form no name is taken for more.
      `--database=dbname='${database.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
      ...(plan.passwords ? [] : ['--no-role-passwords']),
    ],
    env: {
      LC_ALL: 'C',
      ...libpqEnvironment(connection, client.major),
      PGAPPNAME: 'pg-offsite pg_dumpall',
      // Until when a password is valid is told in it.
      PGDATESTYLE: 'ISO',
      ...(options !== '' && { PGOPTIONS: options }),
    },
    onStderrLine: (line) => {
      const warning = /^pg_dumpall: warning: (.*)$/.exec(line)?.[1];
      if (warning !== undefined) onWarning(`pg_dumpall: ${warning}`);
      return warning !== undefined;
    },
    explain: explainGlobals,
  };
}

function explainGlobals(exit: StageExit): Failure {
  const { message, hint, retryable, cause } = explainDump(exit, 0);
  const refused = message.includes('permission denied');
  return new Failure('dump', message, {
    hint: refused ? 'This login may not read roles and tablespaces. Set GLOBALS=off to do without.' : hint,
    retryable,
    cause,
  });
}
