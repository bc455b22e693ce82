import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { age, custom, encrypted, plain, refused, stored } from './shop.ts';
import type { Backup } from './stored.ts';

let server: S3Server;
let variables: Record<string, string>;
before(async () => {
  server = await startS3Server();
  variables = {
    BACKUP_DESTINATION: 's3://backups/pg',
    S3_ENDPOINT: server.url,
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'sk',
    S3_REQUEST_TIMEOUT: '1s',
    S3_RETRY_FOR: '2s',
  };
});
beforeEach(() => {
  for (const { folder, id } of [custom(), encrypted(), plain()]) {
    for (const name of readdirSync(folder)) server.put(`pg/shop/${id}/${name}`, readFileSync(join(folder, name)));
  }
});
afterEach(() => server.clearFaults());
after(() => server.close());

/** Counts the requests for the data alone. */
const ofData = ({ key }: { readonly key: string }): boolean => key.includes('/database.');

const cases: [what: string, backup: () => Backup, keys: Record<string, string>][] = [
  ['a custom dump', custom, {}],
  ['an encrypted one', encrypted, age],
  ['a plain one', plain, {}],
];

describe('fault 45: a connection that breaks again and again in the middle of a restore is taken up', () => {
  for (const [what, backup, keys] of cases) {
    test(what, async () => {
      const size = backup().manifest.artifacts[0]!.bytes;
      const action = { kind: 'cut-body', afterBytes: Math.ceil(size / 4) } as const;
      server.fault({ operation: 'GetObject', times: 3, when: ofData, action });
      const target = await stored.target();
      const before = server.calls.length;
      const run = await stored.run(['restore', backup().id], { ...target.variables, ...variables, ...keys });
      assert.equal(run.exitCode, 0, run.stderr);
      assert.equal(await stored.postgres.psql('SELECT count(*) FROM sales.orders', target.name), '20000');
      const resumed = server.calls.slice(before).filter(({ headers }) => /bytes=[1-9]/.test(headers['range'] ?? ''));
      // The first cut may meet the reader of the table of contents, after it has all that it needs.
      assert.ok(resumed.length >= 2, String(resumed.length));
    });
  }
});

describe('fault 45: one that is cut for good fails loudly, and nothing is left', () => {
  for (const [what, backup, keys] of cases) {
    test(what, async () => {
      server.fault({
        operation: 'GetObject',
        times: 1,
        when: ofData,
        action: { kind: 'cut-body', afterBytes: 200_000 },
      });
      server.fault({ operation: 'GetObject', from: 2, when: ofData, action: { kind: 'cut-body', afterBytes: 0 } });
      const told = /could not read s3:\/\/backups\/pg\/shop\/.*: the connection was cut after \d+ attempts/;
      await refused(['restore', backup().id], { ...variables, ...keys }, 74, told);
    });
  }
});

test('fault 45: a reply that looks whole but is short is not taken for the end', async () => {
  server.fault({ operation: 'GetObject', when: ofData, action: { kind: 'short-body', bytes: 300_000 } });
  await refused(['restore', custom().id], variables, 76, /but the manifest records/);
});

describe('fault 78: an archived object is told as one, and the target is untouched', () => {
  const archived = { kind: 'answer', status: 403, code: 'InvalidObjectState' } as const;
  const hint = /server answered 403 InvalidObjectState[^]*archive storage class\. Ask the store to restore it first/;

  test('by restore', async () => {
    server.fault({ operation: 'GetObject', when: ofData, action: archived });
    await refused(['restore', custom().id], variables, 74, hint);
  });

  test('by verify', async () => {
    server.fault({ operation: 'GetObject', when: ofData, action: archived });
    const run = await stored.run(['verify', custom().id], variables);
    assert.equal(run.exitCode, 74, run.stdout);
    assert.match(run.stdout, hint);
  });
});
