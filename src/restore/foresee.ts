import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import type { Log } from '../log.ts';
import { describeEntry, type LeftOut } from './leave-out.ts';
import { superuserKinds } from './superuser-kinds.ts';
import type { TocEntry } from './toc-list.ts';

const shown = 5;

/** Warns before a load, which may be long, of what the server may refuse at its end. */
export async function foresee(
  client: pg.Client,
  { contents }: Manifest,
  entries: readonly TocEntry[],
  leftOut: readonly LeftOut[],
  log: Log,
): Promise<void> {
  const role = await client.query<{ name: string; super: boolean }>(
    'SELECT rolname AS name, rolsuper AS super FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER',
  );
  const { rows } = await client.query<{ name: string; schema: string }>(
    `SELECT e.extname AS name, n.nspname AS schema
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace`,
  );
  const places = new Map(rows.map(({ name, schema }) => [name, schema]));
  for (const { name, schema } of contents.extensions) {
    const place = places.get(name);
    if (place === undefined || place === schema) continue;
    log.warn(`the extension ${name} is in the schema ${place}, but the dump looks for it in ${schema}`);
  }
  const without = new Set(leftOut.map(({ entry }) => entry));
  const isForSuperusers = ({ kind }: TocEntry): boolean => kind === 'SUBSCRIPTION' || superuserKinds.has(kind);
  const doubtful = entries.filter((entry) => isForSuperusers(entry) && !without.has(entry));
  if (role.rows[0]?.super !== false || doubtful.length === 0) return;
  const names = doubtful.slice(0, shown).map(describeEntry).join(', ');
  const more = doubtful.length > shown ? ` and ${String(doubtful.length - shown)} more` : '';
  log.warn(
    `${role.rows[0].name} is no superuser, and the server may refuse ${names}${more}; --leave-out leaves them out by kind`,
  );
}
