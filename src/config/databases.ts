import type { ConnectionConfig, DatabasesConfig, ReaderConfig } from './config.ts';
import { type ReadValues, quote } from './environment.ts';
import type { Findings } from './findings.ts';
import { passwordFor } from './passfile.ts';

/** Which databases of the server a run is about, beyond the one of the connection; undefined for that one alone. */
export function readDatabases({ values, isSet, nameOf }: ReadValues, findings: Findings): DatabasesConfig | undefined {
  const name = nameOf('DATABASES');
  const words = values.DATABASES;
  if (words === undefined) {
    if (isSet('EXCLUDE_DATABASES')) {
      findings.problem(
        'EXCLUDE_DATABASES is set, but DATABASES is not, so one database would be backed up; set DATABASES=*',
      );
    }
    if (isSet('DATABASE_CONCURRENCY')) findings.warn('DATABASE_CONCURRENCY has no effect without DATABASES');
    return undefined;
  }
  const isAll = words.some(({ text, quoted }) => text === '*' && !quoted);
  if (isAll && words.length > 1) {
    findings.problem(`${name} has * beside names; keep ${name}=* for all databases, or the names`);
  }
  const pattern = words.find(({ text, quoted }) => !quoted && text !== '*' && text.includes('*'));
  if (pattern) {
    findings.problem(
      `${name} has the pattern ${quote(pattern.text)}, but takes names; set ${name}=* and leave out others with EXCLUDE_DATABASES, or put a name that has an asterisk into double quotes`,
    );
  }
  return {
    names: isAll ? 'all' : [...new Set(words.map(({ text }) => text))],
    exclude: values.EXCLUDE_DATABASES ?? [],
    concurrency: values.DATABASE_CONCURRENCY,
  };
}

/** The same server and login, with another of its databases. */
export function connectionTo(connection: ConnectionConfig, database: string): ConnectionConfig {
  const { unnamed: _, passwords, ...rest } = connection;
  return {
    ...rest,
    database,
    ...(passwords && { passwords, password: passwordFor(database, passwords) }),
    named: 'DATABASES',
  };
}

/**
 * The databases that backups are to be made of, as far as the configuration names them: none for `DATABASES=*`, which
 * only the server can say.
 */
export function namedDatabases({ source, databases }: Pick<ReaderConfig, 'source' | 'databases'>): readonly string[] {
  if (databases === undefined) return source ? [source.database] : [];
  return databases.names === 'all' ? [] : databases.names;
}
