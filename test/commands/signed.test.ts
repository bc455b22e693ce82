import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import {
  anotherPublicKey,
  believing,
  manifestOf,
  newer,
  ofOther,
  older,
  plain,
  signatureOf,
  signing,
  useSigned,
} from './signed-scene.ts';
import type { Backup } from './stored.ts';

const stored = useSigned();
const at = (index: number): Backup => stored.backups[index]!;

test('a signed backup is restored, verified, drilled and listed', async () => {
  const { name, variables } = await stored.target();
  const backup = at(newer);
  assert.deepEqual(
    readdirSync(backup.folder).filter((file) => file.endsWith('.sig')),
    ['RESTORE.md.sig', 'manifest.json.sig'],
  );
  const restored = await stored.run(['restore', backup.id], { ...believing, ...variables });
  assert.equal(restored.exitCode, 0, restored.stderr);
  assert.match(restored.stderr, /checking all of the stored object against what was signed/);
  assert.equal(await stored.postgres.psql('SELECT count(*) FROM t', name), '1000');
  const several = { MANIFEST_PUBLIC_KEY: anotherPublicKey + believing.MANIFEST_PUBLIC_KEY };
  const verified = await stored.run(['verify', '--all'], several);
  assert.equal(verified.exitCode, 0, verified.stdout);
  assert.match(verified.stdout, /^4 ok, 0 failed$/m);
  const listed = await stored.run(['list'], believing);
  assert.equal(listed.exitCode, 0);
  assert.doesNotMatch(listed.stdout, /NOT SIGNED/);
  // Whoever has no public key reads it as any other.
  assert.equal((await stored.run(['verify', '--all'])).exitCode, 0);
});

test('a plain one is restored too', async () => {
  const { name, variables } = await stored.target();
  const { exitCode, stderr } = await stored.run(['restore', at(plain).id], { ...believing, ...variables });
  assert.equal(exitCode, 0, stderr);
  assert.equal(await stored.postgres.psql('SELECT count(*) FROM t', name), '1000');
});

test('list and check tell what is not signed, and prune does not count it', async () => {
  const fake = '29981231T235959Z-aaaaaa';
  const { folder } = at(newer);
  cpSync(folder, join(dirname(folder), fake), { recursive: true });
  const text = readFileSync(manifestOf(at(newer)), 'utf8').replaceAll(at(newer).id, fake);
  writeFileSync(join(dirname(folder), fake, 'manifest.json'), text);
  const listed = await stored.run(['list', '--database', 'shop'], believing);
  assert.match(listed.stdout, new RegExp(`^${fake} .* NOT SIGNED`, 'm'));
  assert.match(listed.stdout, /not signed by any key of MANIFEST_PUBLIC_KEY/);
  // Three that are signed, and one more: who believes it would remove the oldest.
  const pruned = await stored.run(['prune', '--database', 'shop'], { ...believing, KEEP_LAST: '3', KEEP_MINIMUM: '1' });
  assert.equal(pruned.exitCode, 0, pruned.stderr);
  assert.match(pruned.stdout, /^shop: 3 of 3 backups stay, none goes/);
  assert.match(pruned.stdout, new RegExp(`left alone, not counted: shop/${fake}/, its manifest cannot be believed`));
  rmSync(signatureOf(at(plain)));
  rmSync(join(dirname(folder), fake), { recursive: true });
  const checked = await stored.run(['check', '--database', 'shop', '--max-age', '1h'], believing);
  assert.equal(checked.exitCode, 79, checked.stderr);
  assert.match(checked.stdout, /^LATE shop: .*is not signed/);
});

test('prune removes signatures with what they belong to', async () => {
  const env = { ...believing, KEEP_LAST: '1', KEEP_MINIMUM: '1' };
  const { exitCode, stderr } = await stored.run(['prune', '--database', 'shop', '--yes'], env);
  assert.equal(exitCode, 0, stderr);
  assert.ok(!readdirSync(join(stored.place, 'shop')).includes(at(older).id), 'nothing of the folder is left');
});

describe('of a proof', () => {
  const proofs = (backup: Backup): string[] => readdirSync(backup.folder).filter((file) => /^proof-.*json$/.test(file));
  const check = (): ReturnType<typeof stored.run> =>
    stored.run(['check', '--database', 'crm', '--proved', '--max-age', '1h'], believing);

  test('the signature is demanded by check --proved, and that it is of that moment', async () => {
    const backup = at(ofOther);
    const unsigned = await stored.run(['drill', backup.id], believing);
    assert.equal(unsigned.exitCode, 0, unsigned.stderr);
    assert.match(unsigned.stderr, /the proof is not signed/);
    const without = await check();
    assert.equal(without.exitCode, 79, without.stdout);
    assert.match(without.stdout, /never proved by a drill/);
    for (const file of proofs(backup)) rmSync(join(backup.folder, file));

    const drilled = await stored.run(['drill', backup.id], signing);
    assert.equal(drilled.exitCode, 0, drilled.stderr);
    const [name = ''] = proofs(backup);
    const proof = join(backup.folder, name);
    assert.ok(existsSync(`${proof}.sig`));
    assert.equal((await check()).exitCode, 0);

    const good = readFileSync(proof, 'utf8');
    writeFileSync(proof, good.replace('"compared": ', '"compared": 1'));
    assert.equal((await check()).exitCode, 79, 'changed');
    writeFileSync(proof, good);
    const later = join(backup.folder, 'proof-29991231T235959Z.json');
    for (const end of ['', '.sig']) renameSync(proof + end, later + end);
    assert.equal((await check()).exitCode, 79, 'renamed');
    for (const end of ['', '.sig']) renameSync(later + end, proof + end);
    assert.equal((await check()).exitCode, 0);
  });
});
