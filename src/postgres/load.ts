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
  readonly only: 'schema' | 'data' | undefined;
}

/**
 * The stage that loads a custom dump from standard input, all of it in one transaction: at the first error nothing is
 * left in the target.
 */
export function pgRestoreStage(target: ConnectionConfig, client: PostgresClient, options: LoadOptions): Stage {
  return {
    name: 'pg_restore',
    program: join(client.binDir, 'pg_restore'),
    args: [
      '--format=custom',
      '--no-password',
      '--single-transaction',
      '--exit-on-error',
      ...(options.withOwners ? [] : ['--no-owner', '--no-privileges']),
      ...(options.withComments ? [] : ['--no-comments']),
      ...(options.clean ? ['--clean', '--if-exists'] : []),
      ...options.schemas.map((name) => `--schema=${name}`),
      ...options.tables.map((name) => `--table=${name}`),
      ...(options.only === undefined ? [] : [`--${options.only}-only`]),
      // An empty name means PGDATABASE exactly as it stands, even where it looks like a connection string.
      '--dbname=',
    ],
    env: { LC_ALL: 'C', ...libpqEnvironment(target, client.major), PGAPPNAME: 'pg-offsite restore' },
    mayStopReading: isPartial(options),
    explain: explainRestore,
  };
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
