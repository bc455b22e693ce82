import type { Entry } from '../catalog/entries.ts';
import { selectBackup } from '../catalog/select.ts';
import { type DatabasesConfig } from '../config/config.ts';
import { Failure, toFailure } from '../errors.ts';

/** Which backups a command is about that can take those of several databases one after the other. */
export interface Wanted {
  /** `latest`, an id or a time; `latest` where nobody said. */
  readonly selector: string | undefined;
  /** `--database`: the entries are of that one alone. */
  readonly database: string | undefined;
  /** The latest of every database of the store. */
  readonly all: boolean;
  readonly databases: DatabasesConfig | undefined;
  /** The store, for messages. */
  readonly location: string;
}

/** A backup, or why a database that is named has none. */
export type Chosen =
  { readonly entry: Entry } | { readonly entry: undefined; readonly database: string; readonly failure: Failure };

/**
 * The backups that are meant: one; or the latest of each database that `DATABASES` names, in its order, or, by name, of
 * every one that has a complete backup.
 * @throws {Failure} `usage` where nothing fits, or one of several databases has to be named.
 */
export function chooseLatest(entries: readonly Entry[], wanted: Wanted): Chosen[] {
  const { selector = 'latest', database, all, databases, location } = wanted;
  const complete = new Set(entries.filter((entry) => entry.complete).map((entry) => entry.database));
  const isEach = all || (selector === 'latest' && database === undefined && databases !== undefined);
  if (!isEach || complete.size === 0) {
    if (selector === 'latest' && complete.size > 1) {
      throw new Failure('usage', `${location} holds backups of several databases: ${[...complete].join(', ')}`, {
        hint: 'Say which one with --database NAME, or --all for every one of them.',
      });
    }
    return [{ entry: selectBackup(entries, selector, location) }];
  }
  const names = all || databases === undefined || databases.names === 'all' ? [...complete].sort() : databases.names;
  return names.map((name) => {
    const own = entries.filter((entry) => entry.database === name);
    try {
      return { entry: selectBackup(own, 'latest', location) };
    } catch (error) {
      const { kind, hint } = toFailure(error);
      return {
        entry: undefined,
        database: name,
        failure: new Failure(kind, `${location} holds no complete backup of ${name}`, { hint }),
      };
    }
  });
}
