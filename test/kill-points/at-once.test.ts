import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { assertIntact, assertReadable } from './after-backup.ts';
import { inPlaces, type Place, useScene } from './place.ts';
import { Tally } from './tally.ts';

const scene = useScene();
/** How often two runs are started at once: `npm run at-once` wants a hundred. */
const times = Number(process.env['AT_ONCE'] ?? 2);

/** Asserts that a backup is all there, as its manifest says. */
function assertComplete(place: Place, id: string, where: string): void {
  const manifest = parseManifest(String(place.object(`shop/${id}/manifest.json`)?.data), where);
  for (const { key, sha256 } of manifest.artifacts) {
    const data = place.object(`shop/${id}/${key}`)?.data ?? assert.fail(`${where}: no ${key}`);
    assert.equal(createHash('sha256').update(data).digest('hex'), sha256, `${where}: ${key}`);
  }
}

for (const [lock, expected] of [
  ['auto', ['0 and 0', '0 and 75']],
  ['off', ['0 and 0']],
] as const) {
  test(`fault 54: two runs at once into the same place, with LOCK=${lock}`, async (context: TestContext) => {
    const tally = new Tally(`two backups at once with LOCK=${lock}`, times, 1);
    await inPlaces(
      scene.places,
      Array.from({ length: times }, (_, index) => index),
      async (place, index) => {
        place.reset();
        const variables = place.backup({ LOCK: lock });
        const runs = await Promise.all([scene.run(variables), scene.run(variables)]);
        const told = runs.map(({ stderr }) => stderr).join('---\n');
        const outcome = runs
          .map(({ exitCode }) => String(exitCode))
          .sort()
          .join(' and ');
        assert.ok((expected as readonly string[]).includes(outcome), `${outcome}: ${told}`);
        tally.add(outcome);
        const made = runs
          .filter(({ exitCode }) => exitCode === 0)
          .map(({ stdout }) => (JSON.parse(stdout) as { id: string }).id)
          .sort();
        assert.equal(new Set(made).size, made.length, told);
        for (const id of made) assertComplete(place, id, told);
        assert.deepEqual(
          runs.flatMap(({ leftBehind }) => leftBehind),
          [],
          told,
        );
        assert.equal(place.server.openUploads.length, 0, told);
        // The one that is through first may not have seen the other's, and keeps one more.
        const marked = [...scene.older, ...made].filter((id) => place.object(`shop/${id}/manifest.json`));
        assert.ok(marked.length === 3 || marked.length === made.length + 2, `${marked.join(', ')}: ${told}`);
        assert.deepEqual(marked, [...scene.older, ...made].slice(-marked.length), told);
        for (const id of marked.filter((one) => scene.older.includes(one))) assertIntact(scene, place, id, told);
        const known = place.keys().filter((key) => !marked.some((id) => key.includes(id)));
        assert.deepEqual(known, [], `strays: ${told}`);
        // What the objects hold was compared above: a fresh process need not look at all hundred.
        if (index % 10 === 0) await assertReadable(scene, place, marked, told);
      },
    );
    tally.print(context);
  });
}
