import assert from 'node:assert/strict';
import { until } from '../support/until.ts';
import { nothing, type Scene } from './place.ts';

/** What a database holds. */
export interface Held {
  /** See {@link Scene.fingerprint}. */
  readonly rows: string;
  /** Tables, indexes and sequences. */
  readonly relations: string;
}

/** What a database holds now. */
export async function heldBy(scene: Scene, database: string): Promise<Held> {
  const relations = `SELECT string_agg(relname || relkind::text, ' ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace`;
  return { rows: await scene.fingerprint(database), relations: await scene.postgres.psql(relations, database) };
}

/**
 * Asserts what must hold of the target of a restore that was killed: it is empty or whole. With several `jobs`, which make
 * the indexes after the rows, it may also hold all rows and lack indexes; of `lanes`, the rows of a table are all there or none.
 * @returns which of these, in a word or two.
 */
export async function lookAtTarget(
  scene: Scene,
  target: string,
  expected: Held,
  inParts: 'jobs' | 'lanes' | undefined,
  where: string,
): Promise<string> {
  // The server notices the end of a connection by itself, and until then may still be at work.
  const busy = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${target}'`;
  await until('no session is left', async () => (await scene.postgres.psql(busy)) === '0');
  const found = await heldBy(scene, target);
  if (found.rows === nothing && found.relations === '') return 'empty';
  const isLess = found.relations !== expected.relations;
  if (inParts !== undefined && found.rows === expected.rows && isLess) return 'all rows, some indexes';
  // What is counted of no rows is nothing.
  if (inParts === 'lanes' && found.rows === '' && isLess) return 'tables without rows';
  assert.deepEqual(found, expected, `${where}: the target is neither empty nor whole`);
  return 'whole';
}
