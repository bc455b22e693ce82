import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drills, proofsOf } from './drills.ts';
import { age, custom, encrypted, plain, stored } from './shop.ts';
import { rewritten } from './stored.ts';

describe('a good backup passes', () => {
  for (const [what, backup, variables] of [
    ['custom', custom, {}],
    ['encrypted', encrypted, age],
    ['plain', plain, {}],
  ] as const) {
    test(`${what}, and the proof says what was compared`, async () => {
      const { stdout } = await drills(stored, [backup().id], 0, variables);
      assert.match(stdout, /^table sales\.orders +20,000 +20,000 +same$/m);
      assert.match(stdout, /^extension hstore +there +there +same$/m);
      assert.match(stdout, /^constraints: passed: 1 are valid$/m);
      assert.match(stdout, /^amcheck of B-tree indexes: passed: 1 are sound$/m);
      const [, count] = /\npassed: shop \S+ restored in \S+ and compared: (\d+) same\n$/.exec(stdout) ?? [];
      const [proof, ...others] = proofsOf(backup());
      assert.deepEqual(others, []);
      const { outcome, compared, differences, restoreMs, artifacts, versions } = proof!;
      assert.deepEqual([outcome, compared, differences], ['passed', Number(count), []]);
      assert.ok(restoreMs !== null && restoreMs > 0);
      assert.equal(artifacts[0]?.sha256, backup().manifest.artifacts[0]?.sha256);
      assert.ok(versions.server !== null && versions.client !== null);
    });
  }
});

test('the latest is drilled unless told, and list shows what was proved', async () => {
  const { stdout } = await drills(stored, ['--json'], 0);
  const result = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([result['outcome'], result['exitCode'], result['id']], ['passed', 0, plain().id]);
  const listed = await stored.run(['list']);
  assert.match(listed.stdout, new RegExp(`^${plain().id} .* passed \\d+ seconds? ago, [\\d.]+m?s$`, 'm'));
  const json = JSON.parse((await stored.run(['list', '--json'])).stdout) as { backups: Record<string, unknown>[] };
  const { finishedAt, restoreMs } = result;
  assert.deepEqual(
    json.backups.map(({ proofs }) => proofs),
    [[], [], [{ time: finishedAt, outcome: 'passed', restoreMs }]],
  );
});

test('an object that replaced the one that was drilled is not shown as proved', async () => {
  await drills(stored, [plain().id], 0);
  const { folder, artifact, manifest } = plain();
  const proved = async () => {
    const { stdout } = await stored.run(['list', '--json']);
    const listed = (JSON.parse(stdout) as { backups: { id: string; proofs: object[] }[] }).backups;
    const { exitCode } = await stored.run(['check', '--proved', '--max-age', '1d']);
    const row = (await stored.run(['list'])).stdout.split('\n').find((line) => line.startsWith(plain().id));
    return { proofs: listed.find(({ id }) => id === plain().id)?.proofs, exitCode, shown: row?.includes('passed') };
  };
  const before = await proved();
  assert.deepEqual([before.exitCode, before.shown], [0, true]);
  const other = Buffer.concat([readFileSync(artifact), Buffer.from('more')]);
  const sha256 = createHash('sha256').update(other).digest('hex');
  writeFileSync(artifact, other);
  const artifacts = manifest.artifacts.map((one) => ({ ...one, bytes: other.length, sha256 }));
  writeFileSync(join(folder, 'manifest.json'), rewritten(manifest, { artifacts }).manifest);
  const after = await proved();
  assert.deepEqual([after.exitCode, after.shown], [79, false]);
  assert.match(JSON.stringify(after.proofs), /is the proof of other bytes than the manifest records/);
});

test('--no-proof records nothing', async () => {
  await drills(stored, [custom().id, '--no-proof'], 0);
  assert.deepEqual(proofsOf(custom()), []);
});

test('--superuser is refused for a server elsewhere', async () => {
  const elsewhere = { DRILL_DATABASE_URL: stored.postgres.url('postgres') };
  const { stderr } = await drills(stored, [custom().id, '--superuser'], 64, elsewhere);
  assert.match(stderr, /--superuser is for the server that a drill starts itself/);
});

test('checks of the user run on the restored database', async () => {
  const { stdout } = await drills(stored, [custom().id], 0, {
    DRILL_CHECK_SQL: 'SELECT count(*) = 100 FROM customers; SELECT id FROM sales.orders WHERE id = 20000',
  });
  assert.match(stdout, /^DRILL_CHECK_SQL statement 2: passed: SELECT id FROM/m);
  const failed = await drills(stored, [custom().id], 76, {
    DRILL_CHECK_SQL: 'SELECT 1; SELECT 1 FROM notes WHERE id < 0',
  });
  assert.match(failed.stdout, /\nFAILED: shop \S+: failed: DRILL_CHECK_SQL statement 2 \(returned no row: SELECT 1/);
});
