import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readConfig } from '../../src/config/read.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { backupVariables, phrase, readme, rowsUnder } from './text.ts';

const root = join(import.meta.dirname, '../..');

test('the variables of backup.env are a complete configuration, without a warning', async () => {
  const { source, store, form, warnings } = readConfig(await backupVariables());
  assert.deepEqual(warnings, []);
  assert.equal(source.connection.host, 'db.example.com');
  assert.equal(source.connection.sslMode, 'require');
  assert.equal(store.kind === 's3' && `${store.bucket}/${store.prefix}`, 'acme-backups/production');
  assert.equal(form.encryption.kind, 'age');
});

describe('the address of each store', () => {
  const regions = {
    'Cloudflare R2': 'auto',
    'Backblaze B2': 'us-west-004',
    'DigitalOcean Spaces': 'fra1',
    'MinIO, Ceph and others': 'us-east-1',
  };
  const rows = rowsUnder('store', '`S3_ENDPOINT`');
  assert.deepEqual(
    rows.map(([store]) => store),
    Object.keys(regions),
  );
  for (const [store = '', words = ''] of rows) {
    test(`${store}: is taken as it stands and tells the region`, async () => {
      const { S3_REGION: _, ...others } = await backupVariables();
      const address = /`(https:[^`]+)`/.exec(words)?.[1] ?? '';
      const config = readConfig({ ...others, S3_ENDPOINT: address });
      assert.deepEqual(config.warnings, []);
      assert.equal(config.store.kind === 's3' && config.store.region, regions[store as keyof typeof regions]);
      assert.equal(config.store.kind === 's3' && config.store.endpoint, address.toLowerCase());
    });
  }
});

test('a secret comes from a file as the README says', async () => {
  const name = phrase(/`(\w+_FILE)=\/run\/secrets\/key`/);
  const file = join(temporaryFolder(), 'key');
  writeFileSync(file, 'the-secret\n');
  const config = readConfig({ ...(await backupVariables()), S3_ACCESS_KEY_ID: 'k', [name]: file });
  assert.equal(config.store.kind === 's3' && config.store.secretAccessKey?.reveal(), 'the-secret');
});

test('every npm script that the README names exists, and every file', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...readme.matchAll(/\bnpm (?:run (\w+)|(test))\b/g)].map((match) => match[1] ?? match[2] ?? '');
  assert.deepEqual(new Set(named), new Set(['demo', 'test', 'check', 'bench']));
  for (const name of named) assert.ok(name in scripts, name);
  const files = [...readme.matchAll(/`((?:src|\.\/entrypoint\.sh)[\w/.]*)/g)].map((match) => match[1] ?? '');
  assert.ok(files.length > 5);
  for (const file of files) assert.ok(existsSync(join(root, file)), file);
});
