import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fleetFile, fleetOf, fleetProblems } from './reading.ts';

/* Problems of a fleet file to the last word, where other tests look at their beginnings alone. */

const cases: readonly [title: string, text: string, problem: string][] = [
  [
    'two documents',
    '- { name: shop, urlEnv: SHOP_URL }\n---\n- { name: crm, urlEnv: CRM_URL }\n',
    'FILE holds several documents (---); a fleet is one',
  ],
  ['a text that YAML does not allow', '- name: shop\n  \u0001', 'FILE, line 2 is not well-formed YAML'],
  [
    'no members',
    'defaults: { KEEP_DAILY: 7 }\n',
    'FILE has no list of members; write it like members: [ { name: shop, urlEnv: SHOP_DATABASE_URL } ]',
  ],
  [
    'a default that cannot be',
    'defaults: { COMPRESSION: best }\nmembers: [ { name: shop, urlEnv: SHOP_URL } ]\n',
    'FILE: defaults: COMPRESSION="best" is not one of zstd, gzip, none, for example COMPRESSION=gzip',
  ],
  [
    'a variable of the process',
    '- { name: shop, urlEnv: SHOP_URL, set: { LOG_FORMAT: json } }\n',
    'FILE: member shop (line 1) sets LOG_FORMAT, which is that of the process',
  ],
];

describe('a problem of a fleet file, whole', () => {
  for (const [title, text, problem] of cases) {
    test(title, () => {
      assert.deepEqual(fleetProblems(text, { SHOP_URL: 'postgresql://backup@db.example.com/shop' }), [problem]);
    });
  }
});

test('a fleet file that is not there', () => {
  assert.deepEqual(fleetProblems('', { FLEET_FILE: '/nowhere/fleet.yaml' }), [
    'FLEET_FILE names a file that cannot be read (ENOENT), for example FLEET_FILE=FILE',
  ]);
});

test('a file with the URL of a member that is empty', () => {
  const file = fleetFile('- { name: shop, urlFile: shop.txt }\n');
  const empty = join(dirname(file), 'shop.txt');
  writeFileSync(empty, '\n');
  const fleet = fleetOf('', { FLEET_FILE: file });
  assert.throws(() => fleet.environmentOf(fleet.members[0]!), {
    kind: 'config',
    message: `the urlFile of shop, ${empty}, is empty`,
    hint: 'Write the URL of its database into that file.',
  });
});
