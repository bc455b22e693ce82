import type { ConnectionConfig } from './config.ts';
import { readConnection } from './connection.ts';
import type { ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';

/**
 * A database other than the one to back up, as its own URL alone says: libpq's variables describe the database to back
 * up. Undefined where the variable is not set, and after a problem.
 */
export function readOtherUrl(
  name: 'TARGET_DATABASE_URL' | 'DRILL_DATABASE_URL',
  read: ReadValues,
  findings: Findings,
): ConnectionConfig | undefined {
  const url = read.values[name];
  if (url === undefined) return undefined;
  const other: ReadValues = {
    values: {
      ...read.values,
      DATABASE_URL: url,
      PGHOST: undefined,
      PGUSER: undefined,
      PGPASSWORD: undefined,
      PGDATABASE: undefined,
    },
    nameOf: (asked) => read.nameOf(asked === 'DATABASE_URL' ? name : asked),
    isSet: (asked) => asked === 'DATABASE_URL',
  };
  return readConnection({}, other, findings);
}
