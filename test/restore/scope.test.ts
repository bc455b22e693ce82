import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scratchAdvice } from '../../src/restore/scope.ts';
import { sampleManifest } from '../catalog/sample-manifest.ts';

const whole = { withOwners: false, withComments: true, clean: false, schemas: [], tables: [], only: undefined };

test('scratch space is advised for a large dump of one object, and where it gains nothing for none', () => {
  const sample = sampleManifest();
  const [dump] = sample.artifacts.filter(({ kind }) => kind === 'dump');
  assert.ok(dump);
  const of = (bytes: number, changes = {}) => ({ ...sample, artifacts: [{ ...dump, bytes, ...changes }] });
  assert.match(
    scratchAdvice(of(2 * 1024 ** 3), whole) ?? '',
    /--scratch DIR, a folder with room .* more than one transaction/,
  );
  assert.equal(scratchAdvice(of(1024 ** 2), whole), undefined);
  assert.equal(scratchAdvice(of(2 * 1024 ** 3, { format: 'plain' }), whole), undefined);
  assert.equal(scratchAdvice(of(2 * 1024 ** 3), { ...whole, tables: ['orders'] }), undefined);
  const lanes = ['schema', 'data-01', 'rest'].map((lane) => ({ ...dump, lane, bytes: 2 * 1024 ** 3 }));
  assert.equal(scratchAdvice({ ...sample, artifacts: lanes }, whole), undefined);
});
