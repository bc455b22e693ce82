import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { databases, useFleet } from './scene.ts';
import { fleetOf } from './reading.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/FLEET.md'), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';
const variables = Object.fromEntries(
  block('sh')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);
const scene = useFleet();

test('the example is understood as it stands, with the variables beside it', () => {
  const { FLEET_FILE: _, ...others } = variables;
  const fleet = fleetOf(block('yaml'), others);
  assert.deepEqual(
    fleet.members.map((member) => [member.name, fleet.configOf(member).retention?.daily]),
    [
      ['shop', 7],
      ['crm', 30],
      ['erp-server', 7],
    ],
  );
  const [shop] = fleet.members;
  assert.equal(fleet.environmentOf(shop!)['BACKUP_DESTINATION'], 's3://my-backups/fleet/shop');
  assert.equal(fleet.concurrency, 2);
  assert.deepEqual(fleet.config.warnings, []);
});

test('the example runs', async () => {
  const file = scene.file(block('yaml').replace('urlFile: secrets/crm', 'urlEnv: CRM_DATABASE_URL'));
  const { run, result } = await scene.run([], {
    ...variables,
    FLEET_FILE: file,
    BACKUP_DESTINATION: `file://${scene.place}`,
    SHOP_DATABASE_URL: scene.postgres.url('shop'),
    CRM_DATABASE_URL: scene.postgres.url('crm'),
    ERP_DATABASE_URL: scene.postgres.url('postgres'),
  });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(
    result.members?.map(({ outcome }) => outcome),
    ['success', 'success', 'success'],
  );
  const { shop, crm, 'erp-server': server } = scene.kept();
  assert.deepEqual([shop, crm], [1, 1]);
  assert.ok(server! >= databases.length, `${server} databases of the server`);
});
