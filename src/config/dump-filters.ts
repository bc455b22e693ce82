import type { SourceConfig } from './config.ts';

/** Names of `pg_dump`'s options; getopt takes any beginning of one. Short ones may stand together, as in `-Oxn public`. */
const selecting = { short: /^-[^-dEefFhjnNpSTtUZ]*[ent]/, long: ['schema', 'table', 'extension', 'filter'] };
const excluding = { short: /^-[^-dEefFhjnNpSTtUZ]*[NT]/, long: ['exclude-'] };

/**
 * True where arguments of `pg_dump` name what is dumped: the dump then has neither extensions, nor with `--table` any
 * schemas.
 */
export function argsSelect(words: readonly string[]): boolean {
  return words.some((word) => isOne(word, selecting));
}

/** The variables that make a dump a part of the database; empty for one of everything, even if without some rows. */
export function partVariables(source: SourceConfig): string[] {
  const given = {
    SCHEMAS: source.schemas.length > 0,
    TABLES: source.tables.length > 0,
    EXCLUDE_SCHEMAS: source.excludeSchemas.length > 0,
    EXCLUDE_TABLES: source.excludeTables.length > 0,
    PG_DUMP_ARGS: argsSelect(source.dumpArgs) || source.dumpArgs.some((word) => isOne(word, excluding)),
  };
  return Object.entries(given)
    .filter(([, isGiven]) => isGiven)
    .map(([name]) => name);
}

/** True where the settings name what is dumped, in place of what is not: see {@link argsSelect}. */
export function isSelected(source: SourceConfig): boolean {
  return source.schemas.length > 0 || source.tables.length > 0 || argsSelect(source.dumpArgs);
}

function isOne(word: string, { short, long }: typeof selecting): boolean {
  if (!word.startsWith('--')) return short.test(word);
  const [option = ''] = word.slice(2).split('=');
  // `--schema-only` and its like are refused before; `--table-and-children` begins with a name, `--filt` is a beginning.
  return long.some((name) => option.startsWith(name) || (option.length > 3 && name.startsWith(option)));
}
