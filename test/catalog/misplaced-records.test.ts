import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { believeOnly } from '../../src/catalog/believe.ts';
import { describeEntries, listCatalog } from '../../src/catalog/entries.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { proofFileName, serializeProof } from '../../src/catalog/proof.ts';
import { readProofs } from '../../src/catalog/proofs.ts';
import { signatureOf } from '../../src/catalog/signature.ts';
import { publicText } from '../../src/config/signing-keys.ts';
import { Secret } from '../../src/config/secret.ts';
import { planKey, readPlan } from '../../src/fleet/recorded-plan.ts';
import { openStore } from '../../src/store/open.ts';
import { collect, keptLog } from '../store/scripted.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { never } from '../support/shell-stage.ts';
import { sampleManifest } from './sample-manifest.ts';
import { sampleProof } from './sample-proof.ts';

/* Records that are good in themselves, or would be, but not where somebody has put them. */

const id = '20261120T020000Z-aaaaaa';
const place = temporaryFolder();
const store = openStore({ kind: 'directory', path: place }, keptLog().log);
const put = (key: string, text: string, bytes?: number): void => {
  mkdirSync(dirname(join(place, key)), { recursive: true });
  writeFileSync(join(place, key), text);
  if (bytes !== undefined) truncateSync(join(place, key), bytes);
};

describe('a proof', () => {
  test('that is far too large is refused before it fills the memory', async () => {
    put(`shop/${id}/manifest.json`, serializeManifest(sampleManifest({ id })));
    put(`shop/${id}/database.dump`, 'dump');
    const key = `shop/${id}/${proofFileName(new Date('2026-11-21T02:00:00Z'))}`;
    put(key, '{', 10 * 1024 ** 3);
    const { entries } = await listCatalog(store, undefined, never);
    const [backup] = await describeEntries(store, entries, never);
    assert.ok(backup && 'manifest' in backup);
    const [proof] = await readProofs(store, backup, never);
    assert.ok(proof && 'failure' in proof);
    assert.deepEqual(
      [proof.failure.kind, proof.failure.message],
      ['verification', `file://${place}/${key} is larger than any proof`],
    );
  });
});

describe('where only what is signed is believed,', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = new Secret(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'));
  const publicKeys = [publicText(privateKey)];
  const believing = believeOnly(store, publicKeys);

  test('a record that is far too large is refused before it is hashed', async () => {
    const large = `crm/${id}/manifest.json`;
    put(large, '{', 10 * 1024 ** 3);
    await assert.rejects(collect(believing.get(large, never)), {
      kind: 'verification',
      message: `file://${place}/${large} is larger than any that is signed`,
    });
  });

  test('an old proof does not become a new one by another name', async () => {
    const text = serializeProof(sampleProof({ finishedAt: '2026-11-21T02:00:42.000Z' }));
    const signature = signatureOf(text, { key, publicKeys });
    assert.ok(signature);
    const renamed = `crm/${id}/proof-20291121T020042Z.json`;
    put(renamed, text);
    put(`${renamed}.sig`, signature);
    await assert.rejects(collect(believing.get(renamed, never)), {
      kind: 'verification',
      message: `file://${place}/${renamed} is the proof of another moment, 2026-11-21T02:00:42.000Z`,
      hint: 'Somebody has renamed it. It proves nothing.',
    });
  });
});

describe('the recorded plan of a fleet', () => {
  const plan = { schemaVersion: 1, run: 'other', recordedAt: '2026-11-21T02:00:00.000Z', shards: 2, members: {} };

  test('that is far too large is refused before it fills the memory', async () => {
    put(planKey('large'), '{', 10 * 1024 ** 3);
    await assert.rejects(readPlan(store, 'large', never), {
      kind: 'verification',
      message: `file://${place}/${planKey('large')} is larger than any plan`,
    });
  });

  test('of one run is not that of another', async () => {
    put(planKey('tonight'), JSON.stringify(plan));
    await assert.rejects(readPlan(store, 'tonight', never), {
      kind: 'verification',
      message: `file://${place}/${planKey('tonight')} is the plan of another run`,
      hint: 'It was edited or cut. Remove it before the next run of this name.',
    });
  });
});
