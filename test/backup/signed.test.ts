import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { useScene } from './scene.ts';

const scene = useScene();
const { privateKey } = generateKeyPairSync('ed25519');
const MANIFEST_SIGNING_KEY = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

/** Of the keys that were written whole, the file names, in their order. */
function written(): string[] {
  const puts = scene.server.calls.filter(({ operation }) => operation === 'PutObject');
  return puts.map(({ key }) => key.split('/').at(-1) ?? '');
}

test('each signature is stored before what it signs, and the manifest last of all', async () => {
  await scene.succeeds({ MANIFEST_SIGNING_KEY });
  assert.deepEqual(written().slice(-5), [
    'SHA256SUMS',
    'RESTORE.md.sig',
    'RESTORE.md',
    'manifest.json.sig',
    'manifest.json',
  ]);
});

for (const file of ['RESTORE.md.sig', 'manifest.json.sig', 'manifest.json']) {
  test(`fault 56: nothing is left where ${file} cannot be written`, async () => {
    const when = ({ key }: { readonly key: string }): boolean => key.endsWith(`/${file}`);
    scene.server.fault({ operation: 'PutObject', when, action: { kind: 'answer', status: 500 } });
    const error = new RegExp(`could not store .*/${file.replaceAll('.', String.raw`\.`)}: server answered 500`);
    await scene.fails({ MANIFEST_SIGNING_KEY }, { exitCode: 74, error });
  });
}

test('the signing key is in no output', async () => {
  const inner = MANIFEST_SIGNING_KEY.split('\n')[1] ?? '';
  const runs: Record<string, string>[] = [{}, { S3_ACCESS_KEY_ID: 'wrong' }];
  for (const changes of runs) {
    const { stdout, stderr } = await scene.start({ MANIFEST_SIGNING_KEY, LOG_LEVEL: 'debug', ...changes }).ended;
    assert.ok(!(stdout + stderr).includes(inner));
    assert.ok(!(stdout + stderr).includes(Buffer.from(inner, 'base64').subarray(-32).toString('hex')));
  }
  for (const [, { data }] of scene.server.objects()) assert.ok(!String(data).includes(inner));
});
