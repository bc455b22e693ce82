import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fleetOf, fleetProblems } from './reading.ts';

const two = `
- name: shop
  url: postgresql://backup@db.example.com/shop
- name: crm
  urlEnv: CRM_URL
`;

describe('the share of a process', () => {
  const placeOf = (changes: Record<string, string>) => {
    const { index, shards, run } = fleetOf(two, changes);
    return [index, shards, run];
  };

  test('is all of it where nothing is set', () => {
    assert.deepEqual(placeOf({ HOSTNAME: 'backup-0' }), [0, 1, undefined]);
  });

  test('is what Kubernetes tells the pods of an Indexed Job', () => {
    const pod = { JOB_COMPLETION_INDEX: '12', FLEET_SHARDS: '20' };
    assert.deepEqual(placeOf({ ...pod, HOSTNAME: 'fleet-29384720-12' }), [12, 20, 'fleet-29384720']);
    assert.deepEqual(placeOf({ ...pod, HOSTNAME: 'fleet-29384720-2' }), [12, 20, undefined]);
    assert.deepEqual(placeOf({ ...pod, FLEET_INDEX: '3', FLEET_RUN: 'n1', HOSTNAME: 'a-3' }), [3, 20, 'n1']);
  });

  for (const [changes, expected] of [
    [{ FLEET_INDEX: '1' }, /^FLEET_INDEX says which share this is, but not of how many; set FLEET_SHARDS/],
    [{ FLEET_SHARDS: '3' }, /^FLEET_SHARDS is 3, but nothing says which share this is; set FLEET_INDEX to 0, 1, … 2/],
    [{ JOB_COMPLETION_INDEX: '3', FLEET_SHARDS: '3' }, /^JOB_COMPLETION_INDEX is 3, but FLEET_SHARDS is 3: .* is 2$/],
    [{ FLEET_RUN: '../x' }, /^FLEET_RUN is no plain name/],
  ] as const) {
    test(`is refused with ${JSON.stringify(changes)}`, () => {
      const problems = fleetProblems(two, changes);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', expected);
    });
  }
});
