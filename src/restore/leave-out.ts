import type pg from 'pg';
import type { LoadOptions } from '../postgres/load.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { asListed, type TocEntry } from './toc-list.ts';

/** An entry that was left out of a restore, and why. */
export interface LeftOut {
  readonly entry: TocEntry;
  readonly reason: string;
}

/** What stands in the target already, by name; true where the role of the restore has its owner's rights. */
interface Standing {
  readonly extensions: ReadonlyMap<string, boolean>;
  readonly schemas: ReadonlyMap<string, boolean>;
}

/**
 * The entries that would make a restore fail although nothing is lost without them, as the target is now: what is there
 * already, and words about what somebody else owns, as on most providers. Every other error of pg_restore is fatal.
 * @param dumpMajor of the pg_dump that made the dump.
 * @throws {Failure} `database` when the target cannot be read.
 */
export async function findHarmless(
  client: pg.Client,
  entries: readonly TocEntry[],
  options: LoadOptions,
  dumpMajor: number,
): Promise<LeftOut[]> {
  // What pg_restore would not restore anyway.
  if (options.only === 'data' || options.schemas.length > 0 || options.tables.length > 0) return [];
  const standing = await look(client);
  return entries.flatMap((entry) => {
    const reason = harmless(entry, standing, options, dumpMajor);
    return reason === undefined ? [] : [{ entry, reason }];
  });
}

/** Why leaving this entry out loses nothing; undefined for all others. */
function harmless(
  { kind, name }: TocEntry,
  { extensions, schemas }: Standing,
  { clean, withComments, withOwners }: LoadOptions,
  dumpMajor: number,
): string | undefined {
  const [, commented = '', quoted = ''] = /^(EXTENSION|SCHEMA) (.*)$/s.exec(kind === 'COMMENT' ? name : '') ?? [];
  // What a comment is about is named as in SQL: "uuid-ossp".
  const about = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
  if (withComments && commented === 'EXTENSION' && extensions.get(about) === false) {
    return 'the extension is there and belongs to somebody else, and only its owner may comment on it';
  }
  if (withComments && commented === 'SCHEMA' && schemas.get(about) === false) {
    return 'the schema is there and belongs to somebody else, and only its owner may comment on it';
  }
  // CREATE EXTENSION has an IF NOT EXISTS, but --clean would drop it first.
  if (kind === 'EXTENSION' && clean && extensions.get(name) === false) {
    return 'the extension is there and belongs to somebody else, and only its owner may drop it';
  }
  if (kind === 'SCHEMA' && clean && schemas.get(name) === false) {
    return 'the schema is there and belongs to somebody else, and only its owner may drop it';
  }
  // Since PostgreSQL 15 this entry creates nothing: it only says whose the schema is.
  const isOwnerOnly = name === 'public' && dumpMajor >= 15 && withOwners && schemas.get(name) === true;
  if (kind === 'SCHEMA' && !clean && schemas.has(name) && !isOwnerOnly) return 'the schema is there already';
  return undefined;
}

async function look(client: pg.Client): Promise<Standing> {
  const query = async (sql: string): Promise<Map<string, boolean>> => {
    const { rows } = await client.query<{ name: string; mine: boolean }>(sql);
    return new Map(rows.map(({ name, mine }) => [asListed(name), mine]));
  };
  try {
    return {
      extensions: await query(
        `SELECT extname AS name, pg_catalog.pg_has_role(extowner, 'USAGE') AS mine FROM pg_catalog.pg_extension`,
      ),
      schemas: await query(
        `SELECT nspname AS name, pg_catalog.pg_has_role(nspowner, 'USAGE') AS mine FROM pg_catalog.pg_namespace`,
      ),
    };
  } catch (error) {
    throw toDatabaseFailure('look at what the target holds', error);
  }
}

/**
 * Chooses by the words of `--leave-out`: a kind, or a kind and a name, as `pg_restore --list` prints them
 * (`EVENT TRIGGER`, `TABLE DATA public.spatial_ref_sys`). Upper and lower case of the kind do not matter.
 */
export function leaveOutByWords(words: readonly string[]): (entry: TocEntry) => string | undefined {
  const wanted = words.map((word) => word.trim().replaceAll(/\s+/g, ' '));
  return (entry) => {
    const isMeant = (word: string): boolean => {
      const rest = word.slice(entry.kind.length);
      if (word.slice(0, entry.kind.length).toUpperCase() !== entry.kind) return false;
      return rest === '' || rest === ` ${entry.name}` || `${entry.kind}${rest}` === describeEntry(entry);
    };
    return wanted.some(isMeant) ? 'asked for with --leave-out' : undefined;
  };
}

/** An entry as people read it: `TABLE DATA public.orders`. */
export function describeEntry({ kind, schema, name }: TocEntry): string {
  return `${kind} ${schema === undefined ? '' : `${schema}.`}${name}`;
}

/** True where an archive holds a block of data for the entry, which the others do not have. */
export function holdsData({ kind }: TocEntry): boolean {
  return / DATA$|^BLOBS?$/.test(kind);
}

/** What decides together: the caller's reasons come first. */
export function leftOutOf(
  entries: readonly TocEntry[],
  harmlessOnes: readonly LeftOut[],
  leaveOut: (entry: TocEntry) => string | undefined = () => undefined,
): LeftOut[] {
  const known = new Map(harmlessOnes.map(({ entry, reason }) => [entry, reason]));
  return entries.flatMap((entry) => {
    const reason = leaveOut(entry) ?? known.get(entry);
    return reason === undefined ? [] : [{ entry, reason }];
  });
}
