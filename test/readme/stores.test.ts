import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { S3StoreConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { readConfig } from '../../src/config/read.ts';
import { planParts } from '../../src/store/part-size.ts';
import { describeProvider } from '../../src/store/describe-provider.ts';
import { Failure } from '../../src/errors.ts';

const folder = join(import.meta.dirname, '../../docs/stores');
const pageOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
const index = pageOf('README.md');

/** The variables of the only env block of a page. */
function variablesOf(page: string): Record<string, string> {
  const blocks = [...pageOf(page).matchAll(/^```env\n(.*?)^```$/gms)].map(([, text = '']) =>
    text.trimEnd().split('\n'),
  );
  assert.equal(blocks.length, 1, `${page} has one env block`);
  return Object.fromEntries(blocks[0]!.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

function read(changes: Environment): { store: S3StoreConfig; warnings: readonly string[] } {
  const { store, warnings } = readConfig({ DATABASE_URL: 'postgresql://backup:pw@db.example.com/shop', ...changes });
  assert(store.kind === 's3');
  return { store, warnings };
}

/** What each page's settings must be understood as. */
const expected: Record<string, readonly [name: string | undefined, region: string]> = {
  'aws.md': ['AWS', 'eu-central-1'],
  'r2.md': ['Cloudflare R2', 'auto'],
  'b2.md': ['Backblaze B2', 'eu-central-003'],
  'spaces.md': ['DigitalOcean Spaces', 'fra1'],
  'wasabi.md': ['Wasabi', 'eu-central-2'],
  'scaleway.md': ['Scaleway', 'fr-par'],
  'gcs.md': ['Google Cloud Storage', 'auto'],
  'ceph.md': [undefined, 'us-east-1'],
  'minio.md': [undefined, 'us-east-1'],
};

test('every store has a page, and every page is in the table', () => {
  const pages = readdirSync(folder).filter((name) => name !== 'README.md');
  assert.deepEqual(pages.toSorted(), Object.keys(expected).toSorted());
  assert.deepEqual(
    rows()
      .map(({ page }) => page)
      .toSorted(),
    pages.toSorted(),
  );
});

for (const [page, [name, region]] of Object.entries(expected)) {
  test(`the settings of ${page} are read, without a warning, as those of ${name ?? 'no known provider'}`, () => {
    const { store, warnings } = read(variablesOf(page));
    assert.deepEqual(warnings, []);
    assert.deepEqual([store.provider?.name, store.region], [name, region]);
    assert.deepEqual([store.bucket, store.prefix], ['acme-backups', 'production']);
    assert.ok(store.accessKeyId && store.secretAccessKey);
  });
}

interface Row {
  readonly page: string;
  readonly region: string;
  readonly parts: string;
  readonly conditional: string;
  readonly tags: string;
  readonly lock: string;
  readonly sse: string;
}

/** The table of all stores. */
function rows(): Row[] {
  return index
    .split('\n')
    .filter((line) => line.startsWith('| ['))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, link = '', , region = '', parts = '', conditional = '', tags = '', lock = '', sse = '']) => {
      const [, page = ''] = /\((.*)\)/.exec(link) ?? [];
      return { page, region, parts, conditional, tags, lock, sse };
    });
}

/** How a setting on top of a page's is taken. */
function taken(page: string, changes: Environment): 'yes' | 'no' | '?' {
  try {
    return read({ ...variablesOf(page), ...changes }).warnings.length === 0 ? 'yes' : '?';
  } catch (error) {
    assert(error instanceof Failure && error.kind === 'config', String(error));
    return 'no';
  }
}

describe('the table says what is done', () => {
  const conditions = { all: 'all', put: 'small', none: 'none' } as const;
  for (const row of rows()) {
    test(row.page, () => {
      const { store } = read(variablesOf(row.page));
      assert.equal(row.parts, store.maxParts.toLocaleString('en'));
      assert.equal(row.conditional, conditions[store.conditionalWrites]);
      assert.equal(row.tags, taken(row.page, { S3_TAGS: 'on' }));
      assert.equal(row.lock, taken(row.page, { S3_OBJECT_LOCK_MODE: 'COMPLIANCE', S3_OBJECT_LOCK_FOR: '30d' }));
      const presetRegion = store.provider?.presets.some((preset) => preset.startsWith('region')) ?? false;
      assert.equal(row.region !== '`S3_REGION`', presetRegion);
      const aes = taken(row.page, { S3_SSE: 'AES256' });
      const saysAes = row.sse === '?' ? '?' : row.sse.startsWith('no') ? 'no' : 'yes';
      assert.equal(saysAes, aes);
      const kms = taken(row.page, { S3_SSE: 'aws:kms' });
      if (row.sse === 'no') assert.equal(kms, 'no');
      if (row.sse.includes('aws:kms')) assert.equal(kms, 'yes');
    });
  }
});

test('the line of doctor in the index is the one that it prints', () => {
  const [, line] = /^ok {4}store: (Scaleway.*)$/m.exec(index) ?? [];
  assert.equal(describeProvider(read(variablesOf('scaleway.md')).store), line);
});

test('the providers that have no page are named as they are recognised', () => {
  const others = {
    'https://fsn1.your-objectstorage.com': 'Hetzner',
    'https://s3.gra.io.cloud.ovh.net': 'OVHcloud',
    'https://us-ord-1.linodeobjects.com': 'Akamai (Linode)',
    'https://t3.storage.dev': 'Tigris',
    'https://gateway.storjshare.io': 'Storj',
    'https://s3.us-west-1.idrivee2.com': 'IDrive e2',
    'https://abc.supabase.co/storage/v1/s3': 'Supabase Storage',
    'https://ams1.vultrobjects.com': 'Vultr',
    'https://sos-ch-gva-2.exo.io': 'Exoscale',
    'https://s3.eu-de.cloud-object-storage.appdomain.cloud': 'IBM Cloud',
    'https://oss-eu-central-1.aliyuncs.com': 'Alibaba Cloud',
    'https://cos.eu-frankfurt.myqcloud.com': 'Tencent Cloud',
    'https://obs.eu-west-101.myhuaweicloud.com': 'Huawei Cloud',
  };
  const named = /By their address are also known: ([^]*?)\. Everything else/.exec(index)?.[1]?.split(/,\s+| and\s+/);
  assert.deepEqual(
    named?.map((name) => name.replace(/\s+/g, ' ')),
    Object.values(others),
  );
  for (const [address, name] of Object.entries(others)) {
    assert.equal(read({ BACKUP_DESTINATION: 's3://b-1', S3_ENDPOINT: address }).store.provider?.name, name);
  }
});

test('a database of 100 GB gets parts of the size that the pages say', () => {
  const { maxParts } = read(variablesOf('scaleway.md')).store;
  const plan = planParts({ partSize: 'auto', maxParts, concurrency: 4, expectedBytes: 100e9 });
  assert.deepEqual([plan.partBytes / 1024 ** 2, plan.concurrency], [191, 2]);
  for (const page of ['README.md', 'scaleway.md']) assert.match(pageOf(page).replace(/\s+/g, ' '), /parts of 191 MiB/);
});
