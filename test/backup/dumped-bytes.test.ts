import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { useScene } from './scene.ts';

const scene = useScene();

test('the manifest tells what pg_dump wrote before it was compressed', async () => {
  // What the shell writes by itself, and then time for a look at it.
  const { result } = await scene.succeeds({
    COMPRESSION: 'zstd',
    ...fakePgDump(`printf '%07000000d' 0; sleep 2.5`),
  });
  const key = [...scene.server.objects().keys()].find((one) => one.endsWith(`${String(result['id'])}/manifest.json`));
  const { artifacts } = parseManifest(String(scene.server.objects().get(key ?? '')?.data), 'here');
  assert.ok(artifacts[0]);
  assert.equal(Math.floor((artifacts[0].dumpedBytes ?? 0) / 1e4), 700);
  assert.ok(artifacts[0].bytes < 10_000);
});
