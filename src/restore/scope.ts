import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { isPartial, type LoadOptions } from '../postgres/load.ts';
import { isChosen } from './chosen-tables.ts';
import type { CompareScope } from './comparison.ts';
import type { LeftOut } from './leave-out.ts';
import type { KnownNames, TocEntry } from './toc-list.ts';

/**
 * A plain dump is one script: no part of it can be left out, nor what it makes be dropped first.
 * @throws {Failure} `usage`.
 */
export function refuseParts(format: string, options: LoadOptions, leavesOut: boolean): void {
  if (format === 'plain' && (isPartial(options) || options.clean || !options.withComments || leavesOut)) {
    throw new Failure('usage', 'a plain dump can only be restored whole, into an empty database', {
      hint: 'Restore all of it into a new database and copy from there what you need.',
    });
  }
}

/** How many sessions can be used; more than one only where there is something for them to do. Says why not. */
export function usableJobs(jobs: number, format: string, options: LoadOptions, log: Log): number {
  const why =
    format === 'plain'
      ? 'a plain dump is one script'
      : isPartial(options)
        ? 'only a part is restored'
        : options.clean
          ? '--clean drops and makes again in one transaction'
          : undefined;
  if (jobs === 1 || why === undefined) return jobs;
  log.warn(`restoring with one session instead of ${String(jobs)}: ${why}`);
  return 1;
}

/** Names of the manifest that tell the fields of a list of entries apart. */
export function knownNames({ contents }: Manifest): KnownNames {
  const { tables, sequences, extensions, needs, roles } = contents;
  const schemas = [...tables, ...sequences, ...extensions].map(({ schema }) => schema);
  return { schemas: [...new Set([...schemas, ...(needs?.schemas ?? []).map(({ name }) => name)])], roles };
}

const relations = /^(TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE)$/;

/**
 * The schemas that must be there before the parts that were asked for are loaded: pg_restore leaves the schemas themselves
 * out.
 * @throws {Failure} `usage` for a schema of which the dump has nothing.
 */
export function schemasFor(entries: readonly TocEntry[], { schemas, tables, only }: LoadOptions): string[] {
  const present = schemasIn(entries);
  const unknown = schemas.find((name) => !present.has(name));
  if (unknown !== undefined) {
    const known = [...present].sort().join(', ');
    throw new Failure('usage', `the backup holds no schema ${unknown}`, {
      hint: known === '' ? undefined : `It holds ${known}.`,
    });
  }
  if (only === 'data') return [];
  const ofTables = entries
    .filter(({ kind, name }) => relations.test(kind) && tables.includes(name))
    .flatMap(({ schema }) => schema ?? [])
    .filter((schema) => schemas.length === 0 || schemas.includes(schema));
  return [...new Set([...(tables.length === 0 ? schemas : []), ...ofTables])];
}

/** The schemas that a dump makes or puts something into. */
export function schemasIn(entries: readonly TocEntry[]): Set<string> {
  return new Set(entries.flatMap(({ kind, schema, name }) => (kind === 'SCHEMA' ? name : (schema ?? []))));
}

/** What can be compared after a restore with these options. */
export function scopeOf({ contents }: Manifest, options: LoadOptions, leftOut: readonly LeftOut[]): CompareScope {
  const { schemas, tables, chosen, only, clean, withOwners } = options;
  return {
    table: (schema: string, name: string): boolean =>
      only !== 'schema' &&
      (schemas.length === 0 || schemas.includes(schema)) &&
      (tables.length === 0 || (chosen ? isChosen(chosen, schema, name) : tables.includes(name))),
    named: tables,
    whole: !contents.filtered && schemas.length === 0 && tables.length === 0 && only !== 'data',
    rows: only !== 'schema',
    addedTo: clean,
    privileges: withOwners,
    leftOut,
  };
}
