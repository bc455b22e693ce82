import { join } from 'node:path';
import pg from 'pg';
import { countObjects } from '../../src/postgres/object-counts.ts';
import type { TestPostgres } from './postgres.ts';
import { runCommand } from './run-command.ts';

/** What a comparison leaves out: who owns what and who may do what, when a restore was told to leave it out. */
export type Ownership = 'with owners' | 'without owners';

/**
 * Everything that stock pg_dump says about a database, definitions and rows, sorted line by line: two databases with
 * equal lines are equal, whatever the order of their rows on disk.
 */
export async function dumpLines(server: TestPostgres, database: string, ownership: Ownership): Promise<string[]> {
  const less = ownership === 'with owners' ? [] : ['--no-owner', '--no-privileges'];
  const output = await runCommand(join(server.binDir, 'pg_dump'), less, {
    env: { PATH: process.env['PATH'], LC_ALL: 'C', ...server.env, PGDATABASE: database },
  });
  return sortedLines(output);
}

/** The lines of a plain dump, sorted, without the random key that is new in each dump. */
export function sortedLines(dump: string): string[] {
  return dump
    .split('\n')
    .filter((line) => !/^\\(?:un)?restrict /.test(line))
    .sort();
}

/** The lines that only one of two databases has; both empty when they are equal. */
export async function differences(
  server: TestPostgres,
  source: string,
  restored: string,
  ownership: Ownership,
): Promise<{ lost: string[]; added: string[] }> {
  const [before, after] = await Promise.all([
    dumpLines(server, source, ownership),
    dumpLines(server, restored, ownership),
  ]);
  return lineDifferences(before, after);
}

/** The lines that only one of two lists has; both empty when they hold the same ones. */
export function lineDifferences(
  before: readonly string[],
  after: readonly string[],
): { lost: string[]; added: string[] } {
  return { lost: without(before, after), added: without(after, before) };
}

/** The lines of the first that the second does not have as often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** What a manifest says about a database's contents, taken from a database itself. */
export interface Counts {
  /** Rows by `schema.table`. */
  readonly rows: Readonly<Record<string, number>>;
  readonly objects: Readonly<Record<string, number>>;
}

/** Counts the rows of the named tables, and the objects of every kind. */
export async function countContents(
  server: TestPostgres,
  database: string,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<Counts> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    user: 'postgres',
    database,
    password: server.password,
  });
  await client.connect();
  try {
    const rows: Record<string, number> = {};
    for (const { schema, name } of tables) {
      const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      const result = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ONLY ${table}`);
      rows[`${schema}.${name}`] = Number(result.rows[0]?.n);
    }
    return { rows, objects: await countObjects(client) };
  } finally {
    await client.end();
  }
}
