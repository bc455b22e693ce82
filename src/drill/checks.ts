import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { Check } from './check.ts';

const shown = 5;

/**
 * Whether the restored constraints and indexes are in force. What was not validated in the source is not here either, and
 * is no fault of the backup.
 * @throws {Failure} `database` when the catalog cannot be read.
 */
export async function checkValidity(client: pg.Client, { contents }: Manifest): Promise<Check[]> {
  try {
    return [
      judgeConstraints(await names(client, constraints), contents.objects?.['notValidatedConstraints']),
      judgeIndexes(await names(client, indexes)),
    ];
  } catch (error) {
    throw toDatabaseFailure('look for constraints and indexes that are not valid', error);
  }
}

interface Found {
  readonly valid: number;
  readonly invalid: readonly string[];
}

/** @param expected how many were not validated in the source; undefined where the manifest does not say. */
function judgeConstraints({ valid, invalid }: Found, expected: number | undefined): Check {
  const name = 'constraints';
  const sound = `${String(valid)} are valid`;
  if (invalid.length === 0) return { name, outcome: 'passed', detail: sound };
  const detail = `${sound}, ${String(invalid.length)} are not: ${some(invalid)}`;
  if (expected === undefined) {
    return { name, outcome: 'not run', detail: `${detail}; the manifest does not say whether they were` };
  }
  if (invalid.length > expected) return { name, outcome: 'failed', detail: `${detail}; ${String(expected)} were not` };
  return { name, outcome: 'passed', detail: `${detail}; neither were they in the source` };
}

function judgeIndexes({ valid, invalid }: Found): Check {
  const name = 'indexes';
  if (invalid.length === 0) return { name, outcome: 'passed', detail: `${String(valid)} are valid` };
  return { name, outcome: 'failed', detail: `not valid: ${some(invalid)}` };
}

function some(items: readonly string[]): string {
  const more = items.length > shown ? ` and ${String(items.length - shown)} more` : '';
  return `${items.slice(0, shown).join(', ')}${more}`;
}

async function names(client: pg.Client, query: string): Promise<Found> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(query);
  return {
    valid: rows.filter(({ valid }) => valid).length,
    invalid: rows.filter(({ valid }) => !valid).map(({ name }) => name),
  };
}

const ofUsers = `n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`;

const constraints = `
  SELECT n.nspname || '.' || k.conname AS name, k.convalidated AS valid
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
  WHERE k.contype <> 'n' AND ${ofUsers} ORDER BY 1`;

/** An index of a partitioned table is valid only once every partition has its own: the source may not have had them. */
const indexes = `
  SELECT n.nspname || '.' || c.relname AS name, i.indisvalid AND i.indisready AND i.indislive AS valid
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'i' AND ${ofUsers} ORDER BY 1`;
