import { readFileSync } from 'node:fs';
import type { DrillConfig } from './config.ts';
import type { ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';
import { readOtherUrl } from './other-url.ts';

/** What a drill is told; reads the file that DRILL_CHECK_SQL names. */
export function readDrill(read: ReadValues, findings: Findings): DrillConfig {
  const databaseUrl = readOtherUrl('DRILL_DATABASE_URL', read, findings);
  const role = read.values.DRILL_ROLE;
  if (databaseUrl && role === 'superuser') {
    findings.warn('DRILL_ROLE has no effect with DRILL_DATABASE_URL, whose user restores');
  }
  return {
    databaseUrl,
    role,
    checkSql: readCheckSql(read, findings),
  };
}

/** No query is a single word, and none begins like a path: such a value must be a file, or a typing error in its name. */
function readCheckSql(read: ReadValues, findings: Findings): string | undefined {
  const value = read.values.DRILL_CHECK_SQL?.trim();
  if (value === undefined) return undefined;
  const isPath = /^\S+$/.test(value) || /^(?:\/(?!\*)|\.{1,2}\/)[^\n]*$/.test(value);
  if (!isPath) return value;
  const name = read.nameOf('DRILL_CHECK_SQL');
  try {
    const sql = readFileSync(value, 'utf8').trim();
    if (sql === '') findings.problem(`${name} names a file that is empty; write a query into it`);
    return sql;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    findings.problem(
      `${name} looks like the path of a file, which cannot be read (${code}); mount it, or write the query itself`,
    );
    return undefined;
  }
}
