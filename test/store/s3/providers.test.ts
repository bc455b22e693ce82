import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recogniseProvider } from '../../../src/store/s3/providers.ts';

/** Hosts with the provider and the region that they tell. */
const hosts: readonly (readonly [host: string, name: string, region: string | undefined])[] = [
  ['s3.eu-central-1.amazonaws.com', 'AWS', 'eu-central-1'],
  ['s3-us-west-2.amazonaws.com', 'AWS', 'us-west-2'],
  ['s3.us-gov-west-1.amazonaws.com', 'AWS', 'us-gov-west-1'],
  ['s3-fips.us-east-1.amazonaws.com', 'AWS', 'us-east-1'],
  ['s3-fips-us-gov-west-1.amazonaws.com', 'AWS', 'us-gov-west-1'],
  ['s3.dualstack.eu-west-3.amazonaws.com', 'AWS', 'eu-west-3'],
  ['s3-fips.dualstack.ca-central-1.amazonaws.com', 'AWS', 'ca-central-1'],
  ['s3.cn-north-1.amazonaws.com.cn', 'AWS', 'cn-north-1'],
  ['s3.eusc-de-east-1.amazonaws.eu', 'AWS', 'eusc-de-east-1'],
  ['bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com', 'AWS', 'us-east-1'],
  ['s3.amazonaws.com', 'AWS', undefined],
  ['s3-accelerate.amazonaws.com', 'AWS', undefined],
  ['s3-accelerate.dualstack.amazonaws.com', 'AWS', undefined],
  ['0123456789abcdef.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto'],
  ['0123456789abcdef.eu.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto'],
  ['0123456789abcdef.fedramp.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto'],
  ['s3.us-west-004.backblazeb2.com', 'Backblaze B2', 'us-west-004'],
  ['s3.eu-central-003.backblazeb2.com', 'Backblaze B2', 'eu-central-003'],
  ['fra1.digitaloceanspaces.com', 'DigitalOcean Spaces', 'fra1'],
  ['s3.wasabisys.com', 'Wasabi', 'us-east-1'],
  ['s3.eu-central-2.wasabisys.com', 'Wasabi', 'eu-central-2'],
  ['s3.de-1.wasabisys.com', 'Wasabi', 'eu-central-2'],
  ['s3.uk-2.wasabisys.com', 'Wasabi', 'eu-west-3'],
  ['s3.fr-par.scw.cloud', 'Scaleway', 'fr-par'],
  ['storage.googleapis.com', 'Google Cloud Storage', 'auto'],
  ['storage.europe-west3.rep.googleapis.com', 'Google Cloud Storage', 'auto'],
  ['fsn1.your-objectstorage.com', 'Hetzner', 'fsn1'],
  ['s3.gra.io.cloud.ovh.net', 'OVHcloud', 'gra'],
  ['s3.eu-west-par.io.cloud.ovh.net', 'OVHcloud', 'eu-west-par'],
  ['s3.us-east-va.io.cloud.ovh.us', 'OVHcloud', 'us-east-va'],
  ['s3.sbg.perf.cloud.ovh.net', 'OVHcloud', 'sbg'],
  ['us-ord-1.linodeobjects.com', 'Akamai (Linode)', 'us-ord-1'],
  ['us-iad-10.linodeobjects.com', 'Akamai (Linode)', 'us-iad-10'],
  ['fly.storage.tigris.dev', 'Tigris', 'auto'],
  ['t3.storageapi.dev', 'Tigris', 'auto'],
  ['gateway.storjshare.io', 'Storj', undefined],
  ['gateway.eu1.storjshare.io', 'Storj', undefined],
  ['s3.us-west-1.idrivee2.com', 'IDrive e2', 'us-west-1'],
  ['l4g4.ch11.idrivee2-2.com', 'IDrive e2', undefined],
  ['abcdefghijklmnopqrst.supabase.co', 'Supabase Storage', undefined],
  ['abcdefghijklmnopqrst.storage.supabase.co', 'Supabase Storage', undefined],
  ['ams1.vultrobjects.com', 'Vultr', 'ams1'],
  ['sos-ch-gva-2.exo.io', 'Exoscale', 'ch-gva-2'],
  ['s3.eu-de.cloud-object-storage.appdomain.cloud', 'IBM Cloud', 'eu-de'],
  ['s3.private.us-south.cloud-object-storage.appdomain.cloud', 'IBM Cloud', 'us-south'],
  ['s3.fra.eu.cloud-object-storage.appdomain.cloud', 'IBM Cloud', 'eu'],
  ['oss-eu-central-1.aliyuncs.com', 'Alibaba Cloud', 'eu-central-1'],
  ['oss-accelerate.aliyuncs.com', 'Alibaba Cloud', undefined],
  ['cos.eu-frankfurt.myqcloud.com', 'Tencent Cloud', 'eu-frankfurt'],
  ['obs.eu-west-101.myhuaweicloud.com', 'Huawei Cloud', 'eu-west-101'],
];

describe('the provider of an address', () => {
  for (const [host, name, region] of hosts) {
    test(`${host} is ${name}${region === undefined ? '' : `, region ${region}`}`, () => {
      const found = recogniseProvider(host);
      assert.deepEqual([found?.provider.name, found?.region], [name, region]);
    });
  }

  test('is not known of what anybody may run, nor of names that only look like it', () => {
    for (const host of [
      'minio.example.com',
      'rgw.internal',
      '127.0.0.1',
      'r2.cloudflarestorage.com.example.org',
      's3.eu-central-1.amazonaws.com.example.org',
      'fakeamazonaws.com',
      'xdigitaloceanspaces.com',
      'storage.googleapis.com.example.org',
      'evil-s3.fr-par.scw.cloud.example.org',
    ]) {
      assert.equal(recogniseProvider(host), undefined, host);
    }
  });
});
