import { Failure } from '../errors.ts';
import type { LoadOptions } from '../postgres/load.ts';
import type { LeftOut } from './leave-out.ts';
import type { TocEntry } from './toc-list.ts';

/** A table, view or sequence that `--table` asks for. */
export interface Chosen {
  readonly schema: string;
  /** As the list prints it: line breaks are spaces there. */
  readonly name: string;
}

const relations = /^(TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE)$/;
const parts = /^(TABLE DATA|MATERIALIZED VIEW DATA|SEQUENCE SET|SEQUENCE OWNED BY)$/;

/**
 * Options with the names of `--table` as pg_restore takes them, which has schemas and tables apart. `name` means what has
 * that name in any schema, `schema.name` the one; a name that holds a dot itself is found first.
 * @throws {Failure} `usage` naming what the dump does not hold.
 */
export function chooseTables(entries: readonly TocEntry[], options: LoadOptions): LoadOptions {
  if (options.tables.length === 0) return options;
  const there = entries.flatMap(({ kind, schema, name }) =>
    relations.test(kind) && schema !== undefined ? [{ schema, name }] : [],
  );
  const wanted = there.filter(({ schema }) => options.schemas.length === 0 || options.schemas.includes(schema));
  const found = options.tables.map((asked) => {
    const listed = asked.replaceAll(/[\r\n]/g, ' ');
    const bare = wanted.filter(({ name }) => name === listed);
    const matches = bare.length > 0 ? bare : wanted.filter(({ schema, name }) => `${schema}.${name}` === listed);
    if (matches.length > 0) return { tables: [bare.length > 0 ? asked : (matches[0]?.name ?? '')], chosen: matches };
    throw new Failure('usage', `the backup holds no table, view or sequence for --table ${asked}${within(options)}`, {
      hint: `Write its name, or its schema and name, as --table sales.orders. ${examples(wanted)}`.trimEnd(),
    });
  });
  const chosen = found.flatMap((one) => one.chosen);
  return {
    ...options,
    schemas: [...new Set(chosen.map(({ schema }) => schema))],
    tables: [...new Set(found.flatMap((one) => one.tables))],
    chosen,
  };
}

/**
 * What pg_restore would restore besides what was chosen, because it joins every schema with every name: with `a.x` and `b.y`
 * also `a.y`.
 */
export function notChosen(entries: readonly TocEntry[], { chosen }: LoadOptions): LeftOut[] {
  if (chosen === undefined) return [];
  const { schemas, names } = {
    schemas: new Set(chosen.map(({ schema }) => schema)),
    names: new Set(chosen.map(({ name }) => name)),
  };
  return entries
    .filter(({ kind, schema, name }) => {
      if (!relations.test(kind) && !parts.test(kind)) return false;
      if (schema === undefined || !schemas.has(schema) || !names.has(name)) return false;
      return !isChosen(chosen, schema, name);
    })
    .map((entry) => ({ entry, reason: 'it was not asked for' }));
}

/** Whether it is one of these. */
export function isChosen(chosen: readonly Chosen[], schema: string, name: string): boolean {
  const listed = name.replaceAll(/[\r\n]/g, ' ');
  return chosen.some((one) => one.schema === schema && one.name === listed);
}

function within({ schemas }: LoadOptions): string {
  return schemas.length === 0 ? '' : ` in the schema ${schemas.join(' or ')}`;
}

function examples(there: readonly Chosen[]): string {
  if (there.length === 0) return '';
  const names = there.slice(0, 10).map(({ schema, name }) => `${schema}.${name}`);
  return `It holds ${names.join(', ')}${there.length > names.length ? ', …' : ''}.`;
}
