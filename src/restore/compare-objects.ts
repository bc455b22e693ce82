import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { countObjects } from '../postgres/object-counts.ts';
import { compare, type CompareScope, type Comparison, notCompared } from './comparison.ts';

/** Which counts an entry of a dump goes into, by its kind. Schemas are counted whether or not a restore made them. */
const countedAs: Readonly<Record<string, readonly string[]>> = {
  AGGREGATE: ['functions'],
  BLOB: ['largeObjects'],
  'BLOB METADATA': ['largeObjects'],
  BLOBS: ['largeObjects'],
  CAST: ['casts'],
  'CHECK CONSTRAINT': ['constraints', 'notValidatedConstraints'],
  COLLATION: ['collations'],
  CONSTRAINT: ['constraints', 'indexes'],
  'DEFAULT ACL': ['defaultPrivileges'],
  DOMAIN: ['types', 'constraints', 'notValidatedConstraints'],
  'EVENT TRIGGER': ['eventTriggers'],
  'FK CONSTRAINT': ['constraints', 'notValidatedConstraints'],
  'FOREIGN TABLE': ['foreignTables'],
  FUNCTION: ['functions'],
  INDEX: ['indexes'],
  'MATERIALIZED VIEW': ['materializedViews'],
  OPERATOR: ['operators'],
  'OPERATOR CLASS': ['operatorClasses', 'operatorFamilies'],
  'OPERATOR FAMILY': ['operatorFamilies'],
  POLICY: ['policies'],
  'PROCEDURAL LANGUAGE': ['languages'],
  PROCEDURE: ['functions'],
  PUBLICATION: ['publications'],
  RULE: ['rules'],
  SEQUENCE: ['sequences'],
  SERVER: ['foreignServers'],
  STATISTICS: ['extendedStatistics'],
  TABLE: ['tables', 'partitionedTables', 'constraints'],
  'TEXT SEARCH CONFIGURATION': ['textSearchConfigurations'],
  TRIGGER: ['triggers'],
  TYPE: ['types', 'compositeTypes'],
  'USER MAPPING': ['userMappings'],
  VIEW: ['views'],
};

/** Counts of objects by kind, and extensions by name: a provider's own extensions may be there besides. */
export async function compareObjects(
  client: pg.Client,
  { contents }: Manifest,
  { leftOut, addedTo, privileges, rows: withRows }: CompareScope,
): Promise<Comparison[]> {
  const expected = contents.objects ?? {};
  const found = await countObjects(client);
  const less = new Set(leftOut.flatMap(({ entry }) => countedAs[entry.kind] ?? []));
  const whyNot = (kind: string): string | undefined => {
    if (addedTo) return 'the target held other objects before';
    if (less.has(kind)) return 'some were left out';
    if (kind === 'largeObjects' && !withRows) return 'they are rows';
    return kind === 'defaultPrivileges' && !privileges ? 'restored without grants' : undefined;
  };
  const counts = Object.keys(expected)
    .filter((kind) => kind !== 'extensions' && kind in found)
    // Without grants nothing is lost where there were none.
    .filter((kind) => kind !== 'defaultPrivileges' || privileges || expected[kind] !== 0)
    .map((kind) => {
      const reason = whyNot(kind);
      if (reason !== undefined) return notCompared(kind, String(expected[kind]), reason);
      return compare(kind, String(expected[kind]), String(found[kind]));
    });
  const { rows } = await client.query<{ name: string }>('SELECT extname AS name FROM pg_catalog.pg_extension');
  const present = new Set(rows.map(({ name }) => name));
  const extensions = contents.extensions.map(({ name }) => {
    const isLeftOut = leftOut.some(({ entry }) => entry.kind === 'EXTENSION' && entry.name === name);
    if (isLeftOut && !present.has(name)) return notCompared(`extension ${name}`, 'there', 'it was left out');
    return compare(`extension ${name}`, 'there', present.has(name) ? 'there' : 'not there');
  });
  return [...counts, ...extensions];
}
