import { join } from 'node:path';
import type { ConnectionConfig } from '../config/config.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { PostgresClient } from './clients.ts';
import { libpqEnvironment } from './libpq-environment.ts';
import { explainRestore } from './restore-failure.ts';

/** Which part of a custom dump is restored, and how. */
export interface LoadOptions {
  /** Keep owners and grants; their roles must exist. */
  readonly withOwners: boolean;
  readonly withComments: boolean;
  /** Drop what the dump is about to create. */
  readonly clean: boolean;
  readonly schemas: readonly string[];
  readonly tables: readonly string[];
  /** What `tables` was found to mean in the dump, once that is known: see chooseTables. */
  readonly chosen?: readonly { readonly schema: string; readonly name: string }[];
  readonly only: 'schema' | 'data' | undefined;
}

/** What of a custom dump one pg_restore does. */
export interface LoadStep {
  /** A list of entries as `pg_restore --list` prints them, less what is to be left out; undefined for all. */
  readonly list: string | undefined;
  /**
   * What comes before and with the rows, the rows alone, or all of it. What comes after them has {@link afterRowsStage}.
   */
  readonly section: 'all' | 'up to the rows' | 'rows';
  /** It may exit before it has read all of its input. */
  readonly mayStopReading: boolean;
}

/**
 * The stage that loads a custom dump from standard input in one transaction: at the first error nothing is left in the
 * target. It tells on standard error what it is at, in lines that `followRestore` tells from the others.
 */
export function pgRestoreStage(
  target: ConnectionConfig,
  client: PostgresClient,
  options: LoadOptions,
  { list, section, mayStopReading }: LoadStep,
): Stage {
  const steps = { all: [], 'up to the rows': ['--section=pre-data', '--section=data'], rows: ['--section=data'] }[
    section
  ];
  // --verbose is how it tells what it is at: see followRestore.
  const args = ['--format=custom', '--single-transaction', '--verbose', ...steps, ...restoreArgs(options, list)];
  return { ...restoreProgram(target, client), args, mayStopReading };
}

/**
 * The stage that makes what comes before the rows, or all but the rows, in one transaction from a file that needs to hold
 * no more than the head of a custom dump.
 */
export function definitionsStage(
  target: ConnectionConfig,
  client: PostgresClient,
  options: LoadOptions,
  { list, file, section }: { list: string | undefined; file: string; section: 'all but the rows' | 'before the rows' },
): Stage {
  const sections = ['--section=pre-data', ...(section === 'before the rows' ? [] : ['--section=post-data'])];
  const args = ['--single-transaction', ...sections, ...restoreArgs(options, list), file];
  return { ...restoreProgram(target, client), args };
}

/**
 * The stage that writes the script for a section, as SQL, to standard output, from a file that needs to hold no more than the head of
 * a custom dump.
 */
export function scriptStage(
  client: PostgresClient,
  options: LoadOptions,
  { list, file, section }: { list: string | undefined; file: string; section: 'pre-data' | 'post-data' },
): Stage {
  const args = [`--section=${section}`, ...partArgs(options, list), '--file=-', file];
  return {
    name: 'pg_restore',
    program: join(client.binDir, 'pg_restore'),
    args,
    env: { LC_ALL: 'C' },
    explain: explainRestore,
  };
}

/**
 * The stage that makes what comes after the rows (indexes, constraints, triggers) in several sessions at once, from a file
 * that needs to hold no more than the head of a custom dump; or the rows first, each table's before its indexes, from a file
 * that holds all of it. At the first error what was made stays.
 */
export function afterRowsStage(
  target: ConnectionConfig,
  client: PostgresClient,
  options: LoadOptions,
  step: { readonly list: string | undefined; readonly file: string; readonly jobs: number; readonly withRows: boolean },
): Stage {
  const { list, file, jobs, withRows } = step;
  const sections = [...(withRows ? ['--section=data'] : []), '--section=post-data'];
  const args = [...sections, `--jobs=${String(jobs)}`, ...restoreArgs(options, list), file];
  return { ...restoreProgram(target, client), args };
}

function restoreProgram(target: ConnectionConfig, client: PostgresClient): Omit<Stage, 'args'> {
  return {
    name: 'pg_restore',
    program: join(client.binDir, 'pg_restore'),
    env: { LC_ALL: 'C', ...libpqEnvironment(target, client.major), PGAPPNAME: 'pg-offsite restore' },
    explain: explainRestore,
  };
}

function restoreArgs(options: LoadOptions, list: string | undefined): string[] {
  // An empty name means PGDATABASE exactly as it stands, even where it looks like a connection string.
  return ['--no-password', '--exit-on-error', ...partArgs(options, list), '--dbname='];
}

function partArgs(options: LoadOptions, list: string | undefined): string[] {
  return [
    // No dump of one database brings them along.
    '--no-tablespaces',
    ...(options.withOwners ? [] : ['--no-owner', '--no-privileges']),
    ...(options.withComments ? [] : ['--no-comments']),
    ...(options.clean ? ['--clean', '--if-exists'] : []),
    ...options.schemas.map((name) => `--schema=${name}`),
    ...options.tables.map((name) => `--table=${name}`),
    ...(options.only === undefined ? [] : [`--${options.only}-only`]),
    ...(list === undefined ? [] : [`--use-list=${list}`]),
  ];
}

/** True where only a part of the dump is asked for. pg_restore reads no further than the last thing that it needs. */
export function isPartial({ schemas, tables, only }: LoadOptions): boolean {
  return schemas.length > 0 || tables.length > 0 || only !== undefined;
}

/** The stage that loads a plain dump from standard input and stops at the first error. */
export function psqlStage(target: ConnectionConfig, client: PostgresClient): Stage {
  return {
    name: 'psql',
    program: join(client.binDir, 'psql'),
    args: ['--no-psqlrc', '--no-password', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null', '--file=-'],
    env: { LC_ALL: 'C', ...libpqEnvironment(target, client.major), PGAPPNAME: 'pg-offsite restore' },
    explain: explainRestore,
  };
}
