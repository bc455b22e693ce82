import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { describeEntries, listCatalog } from '../../src/catalog/entries.ts';
import { isArtifactFile, isProofFile } from '../../src/catalog/keys.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { parseProof, type Proof, proofFileName, serializeProof } from '../../src/catalog/proof.ts';
import { newestProof, proofStates, readProofs } from '../../src/catalog/proofs.ts';
import { scripted } from '../store/scripted.ts';
import { never } from '../support/shell-stage.ts';
import { sampleArtifact, sampleManifest } from './sample-manifest.ts';
import { sampleProof } from './sample-proof.ts';

const where = 's3://bucket/shop/20261120T020000Z-k3f9q2/proof-20261121T020000Z.json';

describe('one proof', () => {
  test('what is written is what is read, and fields of later versions are ignored', () => {
    const proof = sampleProof();
    assert.deepEqual(parseProof(serializeProof(proof), where), proof);
    assert.deepEqual(parseProof(JSON.stringify({ ...proof, moon: 'full' }), where), proof);
  });

  test('its name sorts by time and is neither data nor a manifest', () => {
    const name = proofFileName(new Date('2026-11-21T02:03:04.567Z'));
    assert.equal(name, 'proof-20261121T020304Z.json');
    assert.deepEqual([isProofFile(name), isArtifactFile(name)], [true, false]);
    for (const other of ['proof.json', 'proof-1.json', 'manifest.json', `x${name}`]) assert.ok(!isProofFile(other));
  });

  test('a newer schema is told, naming its version', () => {
    assert.throws(() => parseProof('{"schemaVersion":2}', where), {
      kind: 'verification',
      message: `${where} has schema version 2`,
    });
  });

  for (const [what, text] of [
    ['one that was cut', serializeProof(sampleProof()).slice(0, -20)],
    ['an unknown outcome', JSON.stringify({ ...sampleProof(), outcome: 'fine' })],
    ['one that compared no number', JSON.stringify({ ...sampleProof(), compared: '3' })],
  ] as const) {
    test(`${what} is refused`, () => {
      assert.throws(() => parseProof(text, where), { kind: 'verification', message: /is not valid JSON|is damaged: / });
    });
  }
});

describe('the proofs of a store', () => {
  const ids = ['20261120T020000Z-aaaaaa', '20261121T020000Z-bbbbbb'] as const;

  async function filled(t: TestContext, proofs: readonly [name: string, text: string][]) {
    const { store, server } = await scripted(t);
    for (const id of ids) {
      server.put(`pg/shop/${id}/manifest.json`, serializeManifest(sampleManifest({ id })));
      server.put(`pg/shop/${id}/database.dump`, 'dump');
    }
    for (const [name, text] of proofs) server.put(`pg/shop/${ids[0]}/${name}`, text);
    const { entries, foreign } = await listCatalog(store, undefined, never);
    assert.deepEqual(foreign, []);
    const backups = await describeEntries(store, entries, never);
    const [first] = backups;
    assert.ok(first && 'manifest' in first);
    return { store, server, entries, backups, first };
  }
  const at = (day: number, changes: Partial<Proof> = {}): [string, string] => [
    proofFileName(new Date(Date.UTC(2026, 10, day))),
    serializeProof(sampleProof({ id: ids[0], compared: day, ...changes })),
  ];

  test('the newest by its time, and none where there is none', async (t) => {
    const { store, backups, first } = await filled(t, [at(23), at(22), at(21)]);
    assert.equal((await newestProof(store, first, never))?.compared, 23);
    const states = await proofStates(store, backups, never);
    assert.deepEqual(
      [...states].map(([id, proof]) => [id, proof?.compared]),
      [
        [ids[0], 23],
        [ids[1], undefined],
      ],
    );
  });

  test('a drill that could not run says nothing against one that did', async (t) => {
    const { store, first } = await filled(t, [at(21), at(22, { outcome: 'could not run' })]);
    assert.equal((await newestProof(store, first, never))?.compared, 21);
    const other = await filled(t, [at(21, { outcome: 'could not run' }), at(22, { outcome: 'could not run' })]);
    assert.equal((await newestProof(other.store, other.first, never))?.compared, 22);
  });

  test('a damaged one and that of another backup prove nothing and hide no other', async (t) => {
    const { store, first } = await filled(t, [at(21), at(22, { id: ids[1] }), [at(23)[0], '{']]);
    assert.equal((await newestProof(store, first, never))?.compared, 21);
    const read = await readProofs(store, first, never);
    assert.deepEqual(
      read.map((one) => ('proof' in one ? one.proof.compared : one.failure.message.replace(/^.*\.json /, ''))),
      [21, `is the proof of shop ${ids[1]}`, 'is not valid JSON'],
    );
  });

  test('one of other bytes than the manifest records proves nothing', async (t) => {
    const other = { key: 'database.dump.zst.age', sha256: '1'.repeat(64) };
    const { store, entries, first } = await filled(t, [
      at(21),
      at(22, { artifacts: [other] }),
      at(23, { artifacts: [] }),
    ]);
    assert.equal((await newestProof(store, first, never))?.compared, 21);
    const replaced = {
      ...first,
      manifest: sampleManifest({ id: ids[0], artifacts: [sampleArtifact('another dump')] }),
    };
    assert.equal(await newestProof(store, replaced, never), undefined);
    const read = await readProofs(store, replaced, never);
    const told = read.map((one) => ('failure' in one ? one.failure.message.replace(/^.*\.json /, '') : 'a proof'));
    assert.deepEqual(told, Array(3).fill('is the proof of other bytes than the manifest records'));
    const damaged = entries.map((entry) => ({ ...entry, failure: new Error('damaged') }));
    assert.deepEqual([...(await proofStates(store, damaged, never)).values()], [undefined, undefined]);
  });

  test('a store that does not let us read one is not taken for a store without', async (t) => {
    const { store, server, first } = await filled(t, [at(21)]);
    server.fault({ operation: 'GetObject', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
    await assert.rejects(newestProof(store, first, never), { kind: 'denied' });
  });
});
