import assert from 'node:assert/strict';
import { parseKey } from '../../src/catalog/keys.ts';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { nothing, type Place, reading, type Scene } from './place.ts';

/** So long after a run was begun it is none any more. */
export const twoDaysMs = 2 * 86_400_000;

/** What is in a store after a backup was killed. */
export interface Found {
  /** The backups that are complete, oldest first. */
  readonly complete: readonly string[];
  /** What the killed run has left, in a word or two. */
  readonly outcome: string;
  /** The same, and what retention had come to. */
  readonly state: string;
}

/**
 * Asserts what must hold of a store in which a backup has just been killed: the two older backups that stay are there to
 * the byte; the oldest, which retention removes, is whole or none.
 */
export function lookAt(scene: Scene, place: Place, where: string): Found {
  const filesOf = new Map<string, string[]>();
  for (const key of place.keys()) {
    const { id, file } = parseKey(key) ?? assert.fail(`${where}: what is ${key}?`);
    filesOf.set(id, [...(filesOf.get(id) ?? []), file]);
  }
  const made = [...filesOf.keys()].filter((id) => !scene.older.includes(id));
  assert.ok(made.length <= 1, where);
  const [id = ''] = made;
  const files = filesOf.get(id) ?? [];
  const complete = [...filesOf].filter(([, held]) => held.includes('manifest.json')).map(([one]) => one);
  if (complete.includes(id)) {
    const manifest = parseManifest(String(place.object(`shop/${id}/manifest.json`)?.data), where);
    const lacking = manifest.artifacts.filter(({ key }) => !files.includes(key));
    assert.deepEqual(lacking, [], `${where}: a manifest without the dump`);
  }
  for (const one of scene.older) {
    if (complete.includes(one)) assertIntact(scene, place, one, where);
    else assert.ok(one === scene.older[0] && complete.includes(id), `${where}: ${one} is no backup any more`);
  }
  const uploads = place.server.openUploads.length;
  const outcome = complete.includes(id)
    ? 'complete backup'
    : files.length > 0
      ? 'data without a manifest'
      : uploads > 0
        ? 'unfinished upload'
        : 'nothing';
  const oldest = filesOf.get(scene.older[0]!) ?? [];
  const left = oldest.includes('manifest.json') ? 'whole' : oldest.length > 0 ? 'half removed' : 'removed';
  const state = `${outcome}, the oldest ${left}`;
  return { complete: complete.sort(), outcome, state };
}

/** Asserts that every object of an older backup is there as it was. */
export function assertIntact({ seeds }: Scene, place: Place, id: string, where: string): void {
  for (const [key, { data }] of seeds) {
    if (!key.includes(id)) continue;
    assert.ok(place.object(key)?.data?.equals(data!), `${where}: ${key} of an older backup was touched`);
  }
}

/** Asserts that fresh processes take just these for backups, and restore the newest of them, equal to the row. */
export async function assertReadable(
  scene: Scene,
  place: Place,
  complete: readonly string[],
  where: string,
): Promise<void> {
  const listed = await scene.run({ ...place.store, ...reading }, ['list', '--json']);
  assert.equal(listed.exitCode, 0, `${where}: ${listed.stderr}`);
  const { backups } = JSON.parse(listed.stdout) as { backups: { id: string }[] };
  assert.deepEqual(backups.map(({ id }) => id).sort(), complete, where);
  const target = await scene.target();
  const variables = { ...place.store, ...reading, TARGET_DATABASE_URL: scene.postgres.url(target) };
  const restored = await scene.run(variables, ['restore', 'latest']);
  assert.equal(restored.exitCode, 0, `${where}: ${restored.stderr}`);
  const newest = complete.at(-1) ?? '';
  assert.match(restored.stdout, new RegExp(`^restored shop ${newest} `, 'm'), where);
  assert.equal(await scene.fingerprint(target), scene.rows.get(newest) ?? scene.rows.get('') ?? nothing, where);
}

/** Lets objects become older by this, as far as the store knows. */
export function age(place: Place, wanted: (key: string) => boolean, ms: number): void {
  for (const key of place.keys().filter(wanted)) {
    const { lastModified } = place.object(key) ?? assert.fail();
    lastModified.setTime(lastModified.getTime() - ms);
  }
}

/**
 * Runs another backup and asserts that it succeeds, that it ends what the killed one has left, and that all that is not to
 * be removed is intact.
 */
export async function assertNextSucceeds(
  scene: Scene,
  place: Place,
  { complete }: Found,
  where: string,
): Promise<void> {
  for (const { initiated } of place.server.openUploads) initiated.setTime(initiated.getTime() - twoDaysMs);
  const { exitCode, stdout, stderr } = await scene.run(place.backup());
  const told = `the run after one killed ${where}`;
  assert.equal(exitCode, 0, `${told}: ${stderr}`);
  const { id } = JSON.parse(stdout) as { id: string };
  assert.equal(place.server.openUploads.length, 0, `${told}: an upload is left`);
  const kept = [...complete, id].slice(-3);
  for (const one of kept.filter((older) => scene.older.includes(older))) assertIntact(scene, place, one, where);
  await assertReadable(scene, place, kept.toSorted(), told);
  const strays = (): string[] => place.keys().filter((key) => !kept.some((one) => key.includes(one)));
  if (strays().some((key) => key.endsWith('/SHA256SUMS'))) await assertPruned(scene, place, id, strays);
  // Without its sums nothing says that a folder is not that of a run under way elsewhere: it is never touched.
  for (const key of strays()) assert.match(key, /\/(database|globals)[-.][^/]*$/, `${told}: ${key} is left`);
}

/** What could be the folder of a run that is about to write its manifest goes once it is too old, and not wanted. */
async function assertPruned(scene: Scene, place: Place, newest: string, strays: () => string[]): Promise<void> {
  const left = strays();
  age(place, (key) => left.includes(key), twoDaysMs);
  age(place, (key) => key.includes(newest), twoDaysMs / 24);
  const pruned = await scene.run(place.backup({ KEEP_LAST: '1' }), ['prune', '--yes']);
  assert.equal(pruned.exitCode, 0, pruned.stderr);
  assert.deepEqual(strays(), []);
  assert.ok(place.object(`shop/${newest}/manifest.json`), pruned.stdout);
}
