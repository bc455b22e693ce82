import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinarySecrets } from '../../src/config/ordinary-secrets.ts';
import { readConfig } from '../../src/config/read.ts';

const env = {
  DATABASE_URL: 'postgresql://backup:pass%40@db.example.com/shop?sslmode=require',
  BACKUP_DESTINATION: 's3://acme/production',
  S3_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  S3_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

test('a secret that is a plain word is told by the name under which it stands', () => {
  const own = { ...env, ENCRYPTION_PASSWORD: 'passphrase' };
  const places = ordinarySecrets(own, readConfig(own).secrets);
  assert.deepEqual(places.toSorted(), ['ENCRYPTION_PASSWORD', 'a part of DATABASE_URL']);
});

test('long ones are not told', () => {
  const own = { ...env, DATABASE_URL: env.DATABASE_URL.replace('pass%40', 'kD93-fjwA-2mPq') };
  assert.deepEqual(ordinarySecrets(own, readConfig(own).secrets), []);
});
