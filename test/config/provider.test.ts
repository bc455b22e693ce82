import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { S3StoreConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { describeProvider } from '../../src/store/describe-provider.ts';
import { assertProblem, read } from './reading.ts';

const r2 = { S3_ENDPOINT: 'https://0123456789abcdef.r2.cloudflarestorage.com' };
const b2 = { S3_ENDPOINT: 'https://s3.us-west-004.backblazeb2.com' };
const scaleway = { S3_ENDPOINT: 'https://s3.fr-par.scw.cloud' };
const gcs = { S3_ENDPOINT: 'https://storage.googleapis.com' };

function s3(changes: Environment): S3StoreConfig {
  const { store } = read(changes);
  assert(store.kind === 's3');
  return store;
}

describe('what follows from a provider', () => {
  const settings = ({ region, forcePathStyle, checksums, maxParts, conditionalWrites }: S3StoreConfig) => ({
    region,
    forcePathStyle,
    checksums,
    maxParts,
    conditionalWrites,
  });
  const elsewhere = { forcePathStyle: true, checksums: 'required', maxParts: 10_000, conditionalWrites: 'put' };
  const cases: readonly (readonly [endpoint: string | undefined, expected: object])[] = [
    [
      undefined,
      { ...elsewhere, region: 'us-east-1', forcePathStyle: false, checksums: 'supported', conditionalWrites: 'all' },
    ],
    [r2.S3_ENDPOINT, { ...elsewhere, region: 'auto', conditionalWrites: 'all' }],
    [b2.S3_ENDPOINT, { ...elsewhere, region: 'us-west-004', conditionalWrites: 'none' }],
    [scaleway.S3_ENDPOINT, { ...elsewhere, region: 'fr-par', maxParts: 1000 }],
    [gcs.S3_ENDPOINT, { ...elsewhere, region: 'auto', conditionalWrites: 'none' }],
    ['https://s3.uk-1.wasabisys.com', { ...elsewhere, region: 'eu-west-1' }],
    ['https://t3.storage.dev', { ...elsewhere, region: 'auto', forcePathStyle: false }],
    ['https://x.storage.supabase.co/storage/v1/s3', { ...elsewhere, region: 'us-east-1' }],
    ['https://rgw.example.com:7480', { ...elsewhere, region: 'us-east-1' }],
  ];
  for (const [endpoint, expected] of cases) {
    test(`of ${endpoint ?? 'AWS itself'}`, () => {
      assert.deepEqual(settings(s3({ S3_ENDPOINT: endpoint })), expected);
    });
  }

  test('gives way to what the user sets, and is not told as preset then', () => {
    const own = { S3_REGION: 'nl-ams', S3_FORCE_PATH_STYLE: 'no', S3_CHECKSUMS: 'supported', S3_MAX_PARTS: '500' };
    const store = s3({ ...scaleway, ...own });
    assert.deepEqual(settings(store), {
      region: 'nl-ams',
      forcePathStyle: false,
      checksums: 'supported',
      maxParts: 500,
      conditionalWrites: 'put',
    });
    assert.equal(describeProvider(store), 'Scaleway (told by its address); all is set by you');
  });

  test('is told', () => {
    assert.equal(
      describeProvider(s3(scaleway)),
      'Scaleway (told by its address); preset: region fr-par, buckets by path, checksums required, at most 1000 parts',
    );
    assert.match(describeProvider(s3(b2)), /region us-west-004, .*, no conditional writes$/);
    assert.match(describeProvider(s3({})), /^AWS \(no other address is set\); preset: buckets by host/);
    assert.match(
      describeProvider(s3({ S3_ENDPOINT: 'https://minio.example.com' })),
      /of no provider that is known by it/,
    );
  });
});

describe('a setting that the provider does not have', () => {
  test('is refused with what to do instead', () => {
    const lock = { S3_OBJECT_LOCK_MODE: 'COMPLIANCE', S3_OBJECT_LOCK_FOR: '30d' };
    const supabase = { S3_ENDPOINT: 'https://x.supabase.co/storage/v1/s3' };
    const refused: readonly (readonly [Environment, RegExp])[] = [
      [{ ...r2, S3_TAGS: 'on' }, /^Cloudflare R2 does not know tags of objects: remove S3_TAGS; rules go by prefix$/],
      [{ ...r2, ...lock }, /^Cloudflare R2 does not know Object Lock through S3: .*; a bucket lock, set at Cloudflare/],
      [{ ...r2, S3_SSE: 'AES256' }, /^Cloudflare R2 does not know S3_SSE=AES256: remove S3_SSE; AGE_RECIPIENTS/],
      [{ ...r2, S3_SSE: 'aws:kms' }, /does not know S3_SSE=aws:kms/],
      [{ ...b2, S3_TAGS: 'on' }, /^Backblaze B2 does not know tags/],
      [{ ...b2, S3_SSE: 'aws:kms' }, /S3_SSE=AES256 is what B2 has$/],
      [{ ...scaleway, S3_SSE: 'AES256' }, /^Scaleway does not know S3_SSE=AES256/],
      [{ S3_ENDPOINT: 'https://fra1.digitaloceanspaces.com', S3_SSE: 'AES256' }, /^DigitalOcean Spaces does not know/],
      [{ ...supabase, ...lock }, /there are neither locks nor versions$/],
      [
        { ...r2, AWS_STORAGE_CLASS: 'glacier' },
        /^AWS_STORAGE_CLASS="GLACIER" is no storage class of Cloudflare R2, which has STANDARD, STANDARD_IA$/,
      ],
    ];
    for (const [changes, expected] of refused) assertProblem(changes, expected);
  });

  test('is accepted where the provider has it', () => {
    const lock = { S3_OBJECT_LOCK_MODE: 'COMPLIANCE', S3_OBJECT_LOCK_FOR: '30d' };
    const fine = [
      { ...b2, ...lock, S3_SSE: 'AES256' },
      { ...scaleway, ...lock, S3_TAGS: 'on', S3_STORAGE_CLASS: 'onezone_ia' },
      { ...r2, S3_STORAGE_CLASS: 'STANDARD_IA' },
      { ...lock, S3_TAGS: 'on', S3_SSE: 'aws:kms', S3_STORAGE_CLASS: 'GLACIER_IR' },
      { S3_ENDPOINT: 'https://rgw.example.com', ...lock, S3_TAGS: 'on', S3_STORAGE_CLASS: 'COLD' },
    ];
    for (const changes of fine) assert.deepEqual(read(changes).warnings, [], JSON.stringify(changes));
  });

  test('is worth a warning where the provider writes nothing of it', () => {
    assert.deepEqual(read({ ...gcs, S3_TAGS: 'on' }).warnings, [
      'nothing is known of tags of objects on Google Cloud Storage: let doctor try it before you rely on S3_TAGS',
    ]);
    for (const address of [r2, b2, gcs, { S3_ENDPOINT: 'https://s3.gra.io.cloud.ovh.net' }]) {
      const { warnings } = read({ ...address, S3_CHECKSUMS: 'supported' });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /^S3_CHECKSUMS=supported sends headers that .* is known to refuse; remove it$/);
    }
    assert.deepEqual(read({ ...scaleway, S3_CHECKSUMS: 'supported' }).warnings, []);
    assert.deepEqual(read({ ...scaleway, S3_MAX_PARTS: '10000' }).warnings, [
      'S3_MAX_PARTS is more than the 1000 parts that Scaleway takes in one upload',
    ]);
  });

  test('of a region, too, except where any will do', () => {
    assert.deepEqual(read({ ...b2, S3_REGION: 'us-east-1' }).warnings, [
      'S3_REGION="us-east-1" is used, although the address of the store says us-west-004',
    ]);
    for (const changes of [
      { ...r2, S3_REGION: 'weur' },
      { ...gcs, S3_REGION: 'eu' },
      { ...b2, AWS_REGION: 'x' },
    ]) {
      assert.deepEqual(read(changes).warnings, []);
    }
  });
});
