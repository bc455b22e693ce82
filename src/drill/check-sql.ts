import pg from 'pg';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { Check } from './check.ts';
import { splitSql } from './split-sql.ts';

/** How long one statement may take. */
const statementMs = 15 * 60_000;
/** How much of a statement is told. */
const shownCharacters = 60;

/**
 * Runs the user's own checks, each statement in a read-only transaction of its own. One fails that ends with an error,
 * returns no row, or whose first column is a boolean and not true in any row. A statement that returns no rows by its
 * nature (`SET search_path = …`) only must not fail.
 * @param client logged in as the role that restored; nothing else may use it afterwards.
 * @throws {Failure} `database` when the connection is lost.
 */
export async function runCheckSql(client: pg.Client, sql: string): Promise<Check[]> {
  const statements = splitSql(sql);
  if (statements.length === 0) {
    return [{ name: 'DRILL_CHECK_SQL', outcome: 'failed', detail: 'holds no statement' }];
  }
  await client.query('SET default_transaction_read_only = on');
  await client.query(`SET statement_timeout = ${String(statementMs)}`);
  const checks: Check[] = [];
  for (const [index, statement] of statements.entries()) {
    const shown = statement.replaceAll(/\s+/g, ' ');
    const words = shown.length > shownCharacters ? `${shown.slice(0, shownCharacters)}…` : shown;
    const wrong = await tryStatement(client, statement);
    checks.push({
      name: `DRILL_CHECK_SQL statement ${String(index + 1)}`,
      outcome: wrong === undefined ? 'passed' : 'failed',
      detail: wrong === undefined ? words : `${wrong}: ${words}`,
    });
  }
  return checks;
}

/** What is wrong with the statement, or undefined. */
async function tryStatement(client: pg.Client, text: string): Promise<string | undefined> {
  let rows = 0;
  let wrong: string | undefined;
  // With a listener for rows none is kept: a check may return all of a table.
  const query = new pg.Query<unknown[]>({ text, rowMode: 'array' } as pg.QueryConfig);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  query.on('row', (row: unknown, result?: pg.ResultBuilder) => {
    rows += 1;
    const isBoolean = result?.fields[0]?.dataTypeID === pg.types.builtins.BOOL;
    const [first] = row as unknown[];
    if (isBoolean && first !== true) wrong ??= first === null ? 'null' : 'false';
  });
  query.on('error', (error) => {
    if (error instanceof pg.DatabaseError && error.severity === 'ERROR') resolve(`failed with "${error.message}"`);
    else reject(toDatabaseFailure('run DRILL_CHECK_SQL', error));
  });
  query.on('end', (result) => {
    if (wrong !== undefined) resolve(`returned ${wrong}`);
    else resolve(result.fields.length > 0 && rows === 0 ? 'returned no row' : undefined);
  });
  client.query(query);
  return promise;
}
