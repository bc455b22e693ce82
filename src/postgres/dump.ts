import { join } from 'node:path';
import type { FormConfig, SourceConfig } from '../config/config.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { PostgresClient } from './clients.ts';
import { explainDump } from './dump-failure.ts';
import { libpqEnvironment } from './libpq-environment.ts';
import { followTables } from './table-lines.ts';

/** What pg_dump tells while it works: see {@link dumpStage}. */
export interface DumpListener {
  /** A table's contents are about to be written. The name is `schema.table`, unquoted, as pg_dump prints it. */
  onTable(name: string): void;
  /** pg_dump warns of something that does not make it fail. */
  onWarning(text: string): void;
}

/**
 * What one pg_dump dumps: all, the definitions, or contents. `--schema-only` would lose the creation of large objects.
 * The tables are patterns, see `tablePattern`: those that it takes, or those that it leaves to others.
 */
export type DumpPart =
  'all' | 'definitions' | { readonly contentsOf: readonly string[] } | { readonly contentsWithout: readonly string[] };

/**
 * The pg_dump process of one lane: the database, or a part of it, as seen in a snapshot, uncompressed, on standard output.
 * `--verbose` is how it tells which table it is in; those lines are not kept.
 */
export function dumpStage(
  source: SourceConfig,
  format: FormConfig['format'],
  client: PostgresClient,
  snapshot: string,
  listener: DumpListener,
  part: DumpPart = 'all',
): Stage {
  const isTable = followTables((name) => {
    listener.onTable(name);
  });
  const each = (option: string, values: readonly string[]): string[] => values.map((value) => `${option}=${value}`);
  return {
    name: 'pg_dump',
    program: join(client.binDir, 'pg_dump'),
    args: [
      ...(format === 'custom' ? ['--format=custom', '--compress=0'] : ['--format=plain']),
      '--no-password',
      '--verbose',
      `--snapshot=${snapshot}`,
      `--lock-wait-timeout=${String(source.lockWaitTimeoutMs)}`,
      ...each('--schema', source.schemas),
      ...each('--exclude-schema', source.excludeSchemas),
      ...each('--table', source.tables),
      ...each('--exclude-table', source.excludeTables),
      ...each('--exclude-table-data', source.excludeTableData),
      ...source.dumpArgs,
      ...partArgs(part),
    ],
    // LC_ALL=C: its messages are read, so they must be in English.
    env: { LC_ALL: 'C', ...libpqEnvironment(source.connection, client.major) },
    onStderrLine: (line) => {
      if (isTable(line)) return true;
      const warning = /^pg_dump: warning: (.*)$/.exec(line)?.[1];
      if (warning !== undefined) listener.onWarning(warning);
      return line.startsWith('pg_dump: ') && !/^pg_dump: (error|detail|hint|warning|fatal)\b/.test(line);
    },
    explain: (exit) => explainDump(exit, source.lockWaitTimeoutMs),
  };
}

function partArgs(part: DumpPart): string[] {
  if (part === 'all') return [];
  if (part === 'definitions') return ['--section=pre-data', '--section=post-data'];
  if ('contentsWithout' in part) {
    return ['--section=data', ...part.contentsWithout.map((pattern) => `--exclude-table=${pattern}`)];
  }
  // A name that means no table must not be passed over.
  return ['--section=data', '--strict-names', ...part.contentsOf.map((pattern) => `--table=${pattern}`)];
}
