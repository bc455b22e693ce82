import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { proofFileName, serializeProof } from '../../src/catalog/proof.ts';
import { askStanding, type Standing } from '../../src/commands/standing.ts';
import { openStore } from '../../src/store/open.ts';
import { sampleProof } from '../catalog/sample-proof.ts';
import { noLog } from '../drill/scene.ts';
import { folderOf, nightly, type Preloaded } from '../retention/preloaded.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const ours = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

/** Three backups of three nights, of which somebody else has made the newest, with a proof. */
const [forged, newest, older] = nightly(3) as [Preloaded, Preloaded, Preloaded];

function ask(publicKeys: readonly string[], madeNow?: string): Promise<Standing> {
  const path = folderOf([older, newest, forged]);
  for (const { folder } of [older, newest]) {
    const manifest = join(path, folder, 'manifest.json');
    writeFileSync(`${manifest}.sig`, sign(null, readFileSync(manifest), privateKey).toString('base64'));
  }
  const proof = sampleProof({
    id: forged.id,
    outcome: 'passed',
    differences: [],
    artifacts: manifestOf(path, forged).artifacts.map(({ key, sha256 }) => ({ key, sha256 })),
  });
  writeFileSync(join(path, forged.folder, proofFileName(new Date(proof.finishedAt))), serializeProof(proof));
  const store = openStore({ kind: 'directory', path }, noLog);
  return askStanding({
    store,
    publicKeys,
    database: 'shop',
    madeNow,
    asksRecovery: true,
    withinMs: 60_000,
    log: noLog,
  });
}

function manifestOf(path: string, { folder }: Preloaded): { artifacts: { key: string; sha256: string }[] } {
  return JSON.parse(readFileSync(join(path, folder, 'manifest.json'), 'utf8')) as ReturnType<typeof manifestOf>;
}

test('what is told of a database with keys is told of signed backups alone', async () => {
  const standing = await ask([ours]);
  assert.equal(standing.newestGood !== 'unknown' && standing.newestGood?.id, newest.id);
  assert.equal(standing.lastProofAt, undefined);
  const made = await ask([ours], newest.id);
  assert.equal(made.previousBytes, Buffer.byteLength(`dump of ${older.id}`));
});

test('without keys everybody is believed', async () => {
  const standing = await ask([]);
  assert.equal(standing.newestGood !== 'unknown' && standing.newestGood?.id, forged.id);
  assert.ok(standing.lastProofAt);
});

test('where nothing is signed by our key no backup is told', async () => {
  const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  assert.equal((await ask([other])).newestGood, undefined);
});
