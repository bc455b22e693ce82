import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodedLimit, limited, limitedTogether } from '../../src/restore/decoded-limit.ts';
import { sampleArtifact, sampleManifest } from '../catalog/sample-manifest.ts';
import { collect, streamOf } from '../store/scripted.ts';

const address = 's3://bucket/key';

test('auto goes by the size of the database; a size that is set counts alone', () => {
  const manifest = sampleManifest();
  const auto = 20 * manifest.server.databaseBytes + 1024 ** 3;
  assert.deepEqual(decodedLimit('auto', manifest, address), { bytes: auto, address });
  assert.equal(decodedLimit(7, manifest, address).bytes, 7);
});

test('auto goes by what pg_dump wrote where that is far more than the database has on disk', () => {
  const lanes = [sampleArtifact('a', { dumpedBytes: 2e12 }), sampleArtifact('b', { dumpedBytes: 3e12 })];
  const limit = decodedLimit('auto', sampleManifest({ artifacts: lanes }), address);
  assert.equal(limit.bytes, 10e12 + 1024 ** 3);
  const small = sampleManifest({ artifacts: [sampleArtifact('a', { dumpedBytes: 5 })] });
  assert.equal(decodedLimit('auto', small, address).bytes, 20 * small.server.databaseBytes + 1024 ** 3);
});

test('fault 73: exactly the limit passes; nothing beyond it does', async () => {
  const data = Buffer.alloc(100, 'x');
  assert.deepEqual(await collect(limited(streamOf(data, 30), { bytes: 100, address })), data);
  let passed = 0;
  const reading = async (): Promise<void> => {
    for await (const chunk of limited(streamOf(data, 30), { bytes: 99, address })) passed += chunk.length;
  };
  await assert.rejects(reading, {
    kind: 'dump',
    retryable: false,
    message: `${address} decodes to more than 99 B, and was read no further`,
    hint: /RESTORE_MAX_SIZE/,
  });
  assert.equal(passed, 90);
});

test('what belongs together shares one limit, whichever comes to it', async () => {
  const sources = ['a', 'b'].map((key) => ({ key, limit: { bytes: 100, address: key } }));
  const [first, second] = limitedTogether(sources);
  assert.ok(first && second);
  const data = Buffer.alloc(60, 'x');
  assert.deepEqual(await collect(limited(streamOf(data, 30), first.limit)), data);
  await assert.rejects(collect(limited(streamOf(data, 30), second.limit)), {
    message: 'b and what belongs to it decode to more than 100 B, and was read no further',
  });
  // Read again, they are counted anew.
  assert.deepEqual(await collect(limited(streamOf(data, 30), limitedTogether(sources)[1]?.limit ?? first.limit)), data);
});
