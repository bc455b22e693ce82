import { availableParallelism } from 'node:os';
import type { Artifact, Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { isPartial, type LoadOptions } from '../postgres/load.ts';
import { isChosen } from './chosen-tables.ts';
import type { CompareScope } from './comparison.ts';
import type { LeftOut } from './leave-out.ts';
import type { KnownNames, TocEntry } from './toc-list.ts';

/**
 * A plain dump is one script: no part of it can be left out, nor what it makes be dropped first. Rows alone cannot take
 * the place of others.
 * @throws {Failure} `usage`.
 */
export function refuseParts(dumps: readonly Artifact[], options: LoadOptions, leavesOut: boolean): void {
  const isPlain = dumps.some(({ format }) => format === 'plain');
  if (isPlain && (isPartial(options) || options.clean || !options.withComments || leavesOut)) {
    throw new Failure('usage', 'a plain dump can only be restored whole, into an empty database', {
      hint: 'Restore all of it into a new database and copy from there what you need.',
    });
  }
  if (options.clean && options.only === 'data') {
    throw new Failure('usage', '--clean drops tables, and --data-only makes none', {
      hint: 'Empty the tables and leave --clean out, or restore definitions and rows.',
    });
  }
}

/** So many sessions that a server with a few cores is busy and still answers others. */
const mostAutomatic = 4;

/** A session for each core here, but no more than a server can do with. */
export function automaticJobs(): number {
  return Math.min(availableParallelism(), mostAutomatic);
}

/**
 * How many sessions can be used; more than one only where there is something for them to do. Says why not.
 * @param jobs as many as are asked for; undefined is one, and for a backup in lanes as many as there are cores, at least two.
 */
export function usableJobs(
  jobs: number | undefined,
  dumps: readonly Artifact[],
  options: LoadOptions,
  log: Log,
): number {
  if (dumps.length > 1) return jobs ?? Math.max(2, automaticJobs());
  const why = dumps.some(({ format }) => format === 'plain')
    ? 'a plain dump is one script'
    : isPartial(options)
      ? 'only a part is restored'
      : options.clean
        ? '--clean drops and makes again in one transaction'
        : undefined;
  if (jobs === undefined || jobs === 1 || why === undefined) return jobs ?? 1;
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
