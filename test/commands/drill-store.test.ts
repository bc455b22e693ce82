import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseProof } from '../../src/catalog/proof.ts';
import { useScene } from '../backup/scene.ts';

const scene = useScene();
const args = { args: ['drill'] };
const proofs = (): string[] => scene.addedFiles().filter((file) => /^proof-\d{8}T\d{6}Z\.json$/.test(file));

describe('a drill of a backup in a bucket', () => {
  test('records its proof beside it', async () => {
    const run = await scene.start({}, args).ended;
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.deepEqual(run.leftBehind, []);
    const [file, ...others] = proofs();
    assert.deepEqual([scene.addedFiles(), others], [[file], []]);
    const [key, object] = [...scene.server.objects()].find(([one]) => one.endsWith(file!))!;
    assert.equal(parseProof(String(object.data), key).outcome, 'passed');
  });

  test('is told before the store refuses its proof, whose failure is the exit code', async () => {
    scene.server.fault({ operation: 'PutObject', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
    const run = await scene.start({}, args).ended;
    assert.equal(run.exitCode, 77, run.stderr);
    assert.match(run.stdout, /^passed: shop \S+ restored in /m);
    assert.match(run.stderr, /403 AccessDenied/);
    assert.deepEqual(scene.addedFiles(), []);
  });

  test('says nothing about the backup when the store does not answer', async () => {
    scene.server.fault({
      operation: 'GetObject',
      when: ({ key }) => key.includes('/database.'),
      action: { kind: 'hang' },
    });
    const run = await scene.start({}, args).ended;
    assert.equal(run.exitCode, 74, run.stdout + run.stderr);
    assert.deepEqual(scene.addedFiles(), []);
  });
});
