import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fleetFile, fleetOf, fleetProblems } from './reading.ts';

const two = `
- name: shop
  url: postgresql://backup@db.example.com/shop
- name: crm
  urlEnv: CRM_URL
`;

describe('a fleet file', () => {
  test('is a list of members, in YAML or in JSON', () => {
    const json = JSON.stringify([
      { name: 'shop', url: 'postgresql://backup@db.example.com/shop' },
      { name: 'crm', urlEnv: 'CRM_URL' },
    ]);
    for (const text of [two, json, `members:${two.replaceAll('\n', '\n  ')}`]) {
      const { members } = fleetOf(text);
      assert.deepEqual(
        members.map(({ name, source }) => [name, source.kind]),
        [
          ['shop', 'url'],
          ['crm', 'env'],
        ],
      );
    }
  });

  test('gives each member its URL, its folder and its settings, over those of all and of the environment', () => {
    const text = `
defaults: { KEEP_DAILY: 7, VERIFY: download }
members:
  - { name: shop, urlFile: urls/shop, set: { KEEP_DAILY: 30, COMPRESSION: "none", HEALTHCHECK_URL: "https://hc-ping.com/1" } }
  - { name: crm, urlEnv: CRM_URL }
`;
    const changes = { CRM_URL: 'postgresql://crm@db/crm', KEEP_DAILY: '3', KEEP_WEEKLY: '5', COMPRESSION: 'gzip' };
    const file = fleetFile(text);
    mkdirSync(join(dirname(file), 'urls'));
    writeFileSync(join(dirname(file), 'urls', 'shop'), 'postgresql://shop@db/shop');
    const fleet = fleetOf('', { ...changes, FLEET_FILE: file });
    const [shop, crm] = fleet.members.map((member) => fleet.environmentOf(member));
    assert.equal(shop?.['DATABASE_URL_FILE'], `${dirname(file)}/urls/shop`);
    assert.equal(shop['DATABASE_URL'], undefined);
    assert.equal(shop['BACKUP_DESTINATION'], 's3://my-backups/fleet/shop');
    assert.deepEqual(
      ['KEEP_DAILY', 'KEEP_WEEKLY', 'VERIFY', 'COMPRESSION', 'HEALTHCHECK_URL'].map((name) => shop[name]),
      ['30', '5', 'download', 'none', 'https://hc-ping.com/1'],
    );
    assert.equal(crm?.['DATABASE_URL'], changes.CRM_URL);
    assert.equal(crm['BACKUP_DESTINATION'], 's3://my-backups/fleet/crm');
    assert.deepEqual(
      ['KEEP_DAILY', 'VERIFY', 'COMPRESSION', 'HEALTHCHECK_URL'].map((name) => crm[name]),
      ['7', 'download', 'gzip', undefined],
    );
    assert.deepEqual(
      fleet.members.map((member) => fleet.configOf(member).retention?.daily),
      [30, 7],
    );
  });

  test('takes the place of a setting under whatever name the environment has it', () => {
    const fleet = fleetOf('[{ name: shop, urlEnv: SHOP, set: { KEEP_WITHIN: 7d } }]', {
      BACKUP_KEEP_DAYS: '30',
      SHOP: 'x',
    });
    const env = fleet.environmentOf(fleet.members[0]!);
    assert.deepEqual([env['KEEP_WITHIN'], env['BACKUP_KEEP_DAYS']], ['7d', undefined]);
  });

  test('puts members below the prefix of a bucket that is set by its name', () => {
    for (const [prefix, expected] of [
      [{ S3_PREFIX: '/nightly/' }, 'nightly/shop'],
      [{}, 'shop'],
    ] as const) {
      const { members, environmentOf } = fleetOf('[{ name: shop, url: "postgresql://a@b/c" }]', {
        BACKUP_DESTINATION: undefined,
        S3_BUCKET: 'my-backups',
        ...prefix,
      });
      assert.equal(environmentOf(members[0]!)['S3_PREFIX'], expected);
    }
  });

  test("keeps from a member's process what is about the fleet, other members and messages", () => {
    const changes = {
      CRM_URL: 'postgresql://crm@db/crm',
      OTHER_URL: 'postgresql://other@db/other',
      FLEET_SHARDS: '2',
      JOB_COMPLETION_INDEX: '1',
      SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/x',
      HEALTHCHECK_URL: 'https://hc-ping.com/all',
      AGE_RECIPIENTS: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    };
    const fleet = fleetOf('[{ name: crm, urlEnv: CRM_URL }, { name: other, urlEnv: OTHER_URL }]', changes);
    const env = fleet.environmentOf(fleet.members[0]!);
    const kept = Object.keys(changes).filter((name) => env[name] !== undefined);
    assert.deepEqual(kept, ['AGE_RECIPIENTS']);
    assert.equal(env['FLEET_FILE'], undefined);
    assert.equal(env['DATABASE_URL'], changes.CRM_URL);
  });

  test('warns of passwords in it, by the name of the member', () => {
    const { config } = fleetOf(
      '[{ name: shop, url: "postgresql://a:canary@b/c" }, { name: crm, url: "postgresql://a:canary@b/d" }]',
    );
    assert.match(config.warnings.join(), /holds the password of shop and 1 more: /);
    assert.doesNotMatch(config.warnings.join(), /canary/);
    assert.deepEqual(fleetOf(two).config.warnings, []);
  });

  test('names the variable that is to hold a URL and does not, when the member is to be backed up', () => {
    const fleet = fleetOf(two);
    assert.throws(() => fleet.environmentOf(fleet.members[1]!), {
      kind: 'config',
      message: /^CRM_URL is not set, .* crm$/,
    });
  });
});

describe('the problems of a fleet file', () => {
  test('are told all at once, each with its member, its line and its field, and without a secret', () => {
    const problems = fleetProblems(
      `
defaults:
  KEEP_DALY: 7
  BACKUP_TIMEOUT: soon
members:
  - name: shop
    url: mysql://root:canary@db/shop
  - name: Shop
    urlEnv: SHOP_URL
  - name: shop
    urlEnv: SHOP_URL
  - name: ../crm
    urlEnv: CRM_URL
  - urlEnv: not a name
    name: erp
  - name: both
    url: postgresql://a:canary@b/c
    urlFile: /run/secrets/both
  - name: none
    sett: { KEEP_DAILY: 1 }
  - name: settings
    urlEnv: SETTINGS_URL
    set:
      KEEP_DAILY: many
      TABLES: [a, b]
  - name: secret
    urlEnv: SECRET_URL
    set: { PGPASSWORD: canary, S3_PREFIX: elsewhere, SLACK_WEBHOOK_URL: canary, FLEET_RUN: x }
  - name: bad
    urlEnv: BAD_URL
    set: { KEEP_DAILY: many, VERIFY: maybe }
  - just a text
  - name: report.html
    urlEnv: REPORT_URL
`,
      { BACKUP_DESTINATION: 's3://', CRM_URL: 'postgresql://a:canary@b/c' },
    );
    const text = problems.join('\n');
    assert.doesNotMatch(text, /canary/);
    for (const expected of [
      /^FILE: defaults sets KEEP_DALY, which is no variable of this program; did you mean KEEP_DAILY\?$/m,
      /^FILE: defaults: BACKUP_TIMEOUT="soon" is not a duration/m,
      /^FILE: member shop \(line 6\) url does not begin with postgresql:\/\//m,
      /^FILE: member shop \(line 10\) has the name of member Shop \(line 8\); names are unique$/m,
      /^FILE: member number \d+ \(line 12\) name is no name of a folder/m,
      /^FILE: member erp \(line 14\) urlEnv is no name of an environment variable$/m,
      /^FILE: member both \(line 16\) has url and urlFile; keep one of them$/m,
      /^FILE: member none \(line 19\) has sett, which is none of name, url, urlEnv, urlFile, set$/m,
      /^FILE: member none \(line 19\) says nowhere where its database is/m,
      /^FILE: member settings \(line 21\) set TABLES is not one value/m,
      /^FILE: member secret \(line 26\) sets PGPASSWORD, which is secret .*; set PGPASSWORD_FILE to /m,
      /^FILE: member secret \(line 26\) sets S3_PREFIX, which is the same for all members/m,
      /^FILE: member secret \(line 26\) sets SLACK_WEBHOOK_URL, which has no effect for a member/m,
      /^FILE: member secret \(line 26\) sets FLEET_RUN, which belongs to the process/m,
      /^FILE: member bad \(line 29\): KEEP_DAILY="many" is not a whole number/m,
      /^FILE: member bad \(line 29\): VERIFY="maybe" is not one of/m,
      /^FILE: member number 11 \(line 32\) is no member/m,
      /^FILE: member report\.html \(line 33\) name is that of a file beside the members$/m,
      /^BACKUP_DESTINATION is neither/m,
    ]) {
      assert.match(text, expected);
    }
    assert.equal(problems.length, 19, text);
  });

  for (const [what, text, expected] of [
    ['no YAML', 'members:\n  - name: shop\n\turl: canary', /^FILE, line 3 is/],
    [
      'a name twice',
      '- name: shop\n  name: canary\n  urlEnv: A',
      /^FILE, line 2 has a name that already stands above it$/,
    ],
    [
      'a password with a colon',
      '- name: shop\n  url: postgresql://a: canary',
      /^FILE, line 2 has a value that needs quotes \(with a second colon/,
    ],
    ['an alias for nothing', '- *canary', /^FILE, line 1 has an alias/],
    ['no member', '[]', /^FILE names no member; write one like /],
    ['nothing', '', /^FILE is neither a list of members nor has one/],
    ['one member without a list', 'name: canary\nurlEnv: A', /^FILE, line 1: name is neither defaults nor members/],
    [
      'defaults that are none',
      'defaults: [a]\nmembers: [{ name: a, urlEnv: A }]',
      /^FILE, line 1: defaults are names of/,
    ],
  ] as const) {
    test(`tell of ${what}`, () => {
      const problems = fleetProblems(text);
      assert.match(problems[0] ?? '', expected, problems.join('\n'));
      assert.doesNotMatch(problems.join(), /canary/);
    });
  }

  test('tell of a file that cannot be read', () => {
    assert.match(fleetProblems('', { FLEET_FILE: '/nonexistent/fleet.yaml' })[0] ?? '', /cannot be read \(ENOENT\)/);
  });

  test('tell of a database beside the fleet', () => {
    assert.deepEqual(fleetProblems(two, { DATABASE_URL: 'postgresql://a:canary@b/c' }), [
      'FLEET_FILE and DATABASE_URL are both set; a database of its own is a member like others',
    ]);
  });
});
