import { availableParallelism } from 'node:os';
import prettyBytes from 'pretty-bytes';
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

/** Why only one session can restore this; undefined where several can. */
function whyOneSession(dumps: readonly Artifact[], options: LoadOptions): string | undefined {
  if (dumps.some(({ format }) => format === 'plain')) return 'a plain dump is one script';
  if (isPartial(options)) return 'only a part is restored';
  return options.clean ? '--clean drops and makes again in one transaction' : undefined;
}

/**
 * How many sessions can be used; more than one only where there is something for them to do. Says why not.
 * @param jobs as many as are asked for; undefined is one, and for a backup in lanes or with scratch space as many as there are
 * cores, at least two.
 */
export function usableJobs(
  jobs: number | undefined,
  dumps: readonly Artifact[],
  options: LoadOptions,
  log: Log,
  hasScratch = false,
): number {
  if (dumps.length > 1 || hasScratch) return jobs ?? Math.max(2, automaticJobs());
  const why = whyOneSession(dumps, options);
  if (jobs === undefined || jobs === 1 || why === undefined) return jobs ?? 1;
  log.warn(`restoring with one session instead of ${String(jobs)}: ${why}`);
  return 1;
}

/** The folder for the decoded dump, where that is of any use; else says why not. */
export function usableScratch(
  folder: string | undefined,
  dumps: readonly Artifact[],
  options: LoadOptions,
  log: Log,
): string | undefined {
  if (folder === undefined) return undefined;
  const why = dumps.length > 1 ? 'lanes are loaded side by side without a disk' : whyOneSession(dumps, options);
  if (why === undefined) return folder;
  log.warn(`doing without --scratch ${folder}: ${why}`);
  return undefined;
}

/** From this size on, as stored, the rows of a dump take so long that it is worth to tell what would be faster. */
const largeBytes = 1024 ** 3;

/** What scratch space would gain, in words for people; undefined for what is small, or in lanes, or cannot gain by it. */
export function scratchAdvice({ artifacts, server }: Manifest, options: LoadOptions): string | undefined {
  const dumps = artifacts.filter(({ kind }) => kind === 'dump');
  const bytes = dumps.reduce((sum, dump) => sum + dump.bytes, 0);
  if (dumps.length > 1 || bytes < largeBytes || whyOneSession(dumps, options) !== undefined) return undefined;
  return `one table is loaded after the other; --scratch DIR, a folder with room for the decoded dump (the database has ${prettyBytes(server.databaseBytes)}), lets several be loaded at once, in more than one transaction`;
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
