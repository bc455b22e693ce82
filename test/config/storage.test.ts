import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { S3StoreConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { assertProblem, problemsWith, read } from './reading.ts';

function s3(changes: Environment): S3StoreConfig {
  const { store } = read(changes);
  assert(store.kind === 's3');
  return store;
}

describe('where backups are kept', () => {
  test('a destination and the single settings mean the same', () => {
    const single = { BACKUP_DESTINATION: undefined, S3_BUCKET: 'b-1', S3_PREFIX: '/a/b/' };
    assert.deepEqual(s3({ BACKUP_DESTINATION: 's3://b-1/a/b/' }), s3(single));
    assert.deepEqual([s3(single).bucket, s3(single).prefix], ['b-1', 'a/b']);
    assert.equal(s3({ BACKUP_DESTINATION: 's3://b-1' }).prefix, '');
  });

  test('a folder is an absolute path, with its escapes read', () => {
    assert.deepEqual(read({ BACKUP_DESTINATION: 'file:///var/my%20backups/' }).store, {
      kind: 'directory',
      path: '/var/my backups',
    });
    assertProblem({ BACKUP_DESTINATION: 'file://backups' }, /is not an absolute folder, .*=file:\/\/\/backups$/);
    assertProblem({ BACKUP_DESTINATION: '/backups' }, /is neither s3:\/\/bucket\/prefix nor file:\/\/\/folder/);
    assertProblem({ BACKUP_DESTINATION: '/tmp/my-store' }, /; did you mean file:\/\/\/tmp\/my-store\?$/);
    assertProblem(
      { BACKUP_DESTINATION: 'acme-backups/production' },
      /; did you mean s3:\/\/acme-backups\/production\?$/,
    );
    for (const secret of ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '/wJalr/UtnFEMI', 'key:secret@host/b']) {
      assertProblem({ BACKUP_DESTINATION: secret }, /, for example BACKUP_DESTINATION=s3:\/\/my-backups\/production$/);
    }
    const { warnings } = read({ BACKUP_DESTINATION: 'file:///backups', S3_SSE: 'AES256', AWS_REGION: 'eu-west-1' });
    assert.deepEqual(warnings, ['S3_SSE: no effect, because BACKUP_DESTINATION is a folder']);
  });

  test('odd names of buckets and prefixes are refused', () => {
    assertProblem({ BACKUP_DESTINATION: 's3://my bucket' }, /"my bucket", which is no name of a bucket/);
    for (const prefix of ['a//b', '../a', 'a/./b', 'a\\b']) {
      assertProblem({ BACKUP_DESTINATION: `s3://b-1/${prefix}` }, /has an empty or odd part/);
    }
  });

  test('the settings of an upload have units and bounds', () => {
    const store = s3({ S3_PART_SIZE: '16MiB', S3_OBJECT_LOCK_MODE: 'compliance', S3_OBJECT_LOCK_FOR: '35d' });
    assert.equal(store.partSize, 16 * 1024 ** 2);
    assert.deepEqual(store.objectLock, { mode: 'COMPLIANCE', forMs: 35 * 86_400_000 });
    assertProblem({ S3_PART_SIZE: '1MiB' }, /is not between 5MiB and 5GiB/);
    assertProblem({ S3_MAX_PARTS: '20000' }, /is not a whole number from 1 to 10000/);
  });
});

describe('credentials', () => {
  const reveal = ({ accessKeyId, secretAccessKey, sessionToken }: S3StoreConfig) =>
    [accessKeyId, secretAccessKey, sessionToken].map((secret) => secret?.reveal());
  const platform = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B', AWS_SESSION_TOKEN: 'C' };

  test("are ours, else those under the SDK's names, else left to the SDK; the two sets are never mixed", () => {
    const own = { S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' };
    assert.deepEqual(reveal(s3({})), [undefined, undefined, undefined]);
    assert.deepEqual(reveal(s3(platform)), ['A', 'B', 'C']);
    assert.deepEqual(reveal(s3({ ...platform, ...own })), ['a', 'b', undefined]);
    assert.match(problemsWith({ ...platform, S3_ACCESS_KEY_ID: 'a' }).join(), /belong together/);
  });
});

describe('endpoints', () => {
  const providers: [string | undefined, string, boolean, string][] = [
    [undefined, 'us-east-1', false, 'supported'],
    ['https://s3.eu-central-1.amazonaws.com', 'eu-central-1', false, 'supported'],
    ['https://0123.r2.cloudflarestorage.com', 'auto', true, 'required'],
    ['https://0123.eu.r2.cloudflarestorage.com/', 'auto', true, 'required'],
    ['https://s3.us-west-004.backblazeb2.com', 'us-west-004', true, 'required'],
    ['https://fra1.digitaloceanspaces.com', 'fra1', true, 'required'],
    ['https://oss-eu-central-1.aliyuncs.com', 'eu-central-1', false, 'required'],
    ['https://minio.example.com:9000', 'us-east-1', true, 'required'],
    ['https://x.supabase.co/storage/v1/s3', 'us-east-1', true, 'required'],
  ];
  for (const [endpoint, region, pathStyle, checksums] of providers) {
    test(`${endpoint ?? 'AWS itself'} is reached in region ${region}, ${pathStyle ? 'by path' : 'by host'}`, () => {
      const store = s3({ S3_ENDPOINT: endpoint });
      assert.deepEqual([store.region, store.forcePathStyle, store.checksums], [region, pathStyle, checksums]);
      assert.equal(store.endpoint, endpoint?.replace(/\/$/, ''));
    });
  }

  test('what the user sets wins', () => {
    const endpoint = 'https://0123.r2.cloudflarestorage.com';
    const changes = { S3_ENDPOINT: endpoint, S3_REGION: 'weur', S3_FORCE_PATH_STYLE: 'no', S3_CHECKSUMS: 'supported' };
    const store = s3(changes);
    assert.deepEqual([store.region, store.forcePathStyle, store.checksums], ['weur', false, 'supported']);
    assert.equal(s3({ S3_ENDPOINT: endpoint, AWS_REGION: 'eu-west-1' }).region, 'auto');
  });

  test('mistakes are told with what to write', () => {
    assertProblem({ S3_ENDPOINT: 'ftp://minio:9000' }, /is not an http or https URL; .*=https:\/\/s3\.example\.com$/);
    assertProblem(
      { S3_ENDPOINT: '"https://minio:9000"' },
      /URL \(the quotes are part of the value: an env file .*\); for/,
    );
    assertProblem({ S3_ENDPOINT: 'https://k:hidden@s3.example.com' }, /^S3_ENDPOINT holds credentials; put them into/);
    assertProblem({ S3_ENDPOINT: 'https://s3.example.com/my-backups' }, /names the bucket/);
    assertProblem({ S3_ENDPOINT: 'https://my-backups.s3.example.com' }, /names the bucket/);
    assertProblem({ S3_ENDPOINT: 'https://s3.example.com?x=1' }, /has a query/);
  });

  test('plain http is worth a warning, except on this machine', () => {
    assert.match(read({ S3_ENDPOINT: 'http://minio:9000' }).warnings.join(), /^S3_ENDPOINT begins with http:/);
    for (const host of ['127.0.0.1:9000', 'localhost:9000', '[::1]:9000']) {
      assert.deepEqual(read({ S3_ENDPOINT: `http://${host}` }).warnings, []);
    }
  });
});
