import type { Provider, Recognised } from './provider.ts';

const encryptOurselves = 'AGE_RECIPIENTS encrypts before anything is stored';
const noSse = { AES256: encryptOurselves, 'aws:kms': encryptOurselves };

/** The group `region` of a host of AWS: `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`. */
const awsRegion = '(?<region>[a-z]{2,4}(?:-[a-z]+)+-\\d+)';

/** AWS itself, which needs no address. */
export const aws: Provider = {
  name: 'AWS',
  host: /(?:^|\.)amazonaws\.(?:com|com\.cn|eu)$/,
  virtualHosts: true,
  checksums: 'supported',
  conditionalWrites: 'all',
};

/**
 * Every provider that can be told by its host, first match wins. Hosts and regions as in each provider's list of
 * addresses; most are also in rclone's `backend/s3/provider/*.yaml`. Path style is the default for others than AWS,
 * because it needs neither a wildcard certificate nor a DNS name for each bucket.
 */
const providers: readonly Provider[] = [
  // Of a region, also with FIPS, with IPv6 (`dualstack`), and of old with a hyphen.
  { ...aws, host: new RegExp(`^s3(?:-fips)?[.-](?:dualstack\\.)?${awsRegion}\\.amazonaws\\.(?:com|com\\.cn|eu)$`) },
  // Of an endpoint inside a VPC.
  { ...aws, host: new RegExp(`\\.s3\\.${awsRegion}\\.vpce\\.amazonaws\\.com$`) },
  aws,
  {
    // developers.cloudflare.com/r2/api/s3/api: no tags, locks or SSE of objects (each answers 501), two storage classes,
    // conditions on Put and Complete. CRC-32 of several parts only as a checksum of checksums, not as we ask for it.
    // With jurisdictions: <account>.eu. and <account>.fedramp.
    name: 'Cloudflare R2',
    host: /(?:^|\.)r2\.cloudflarestorage\.com$/,
    checksums: 'refused',
    region: 'auto',
    conditionalWrites: 'all',
    storageClasses: ['STANDARD', 'STANDARD_IA'],
    lacks: { ...noSse, tags: 'rules go by prefix', objectLock: 'a bucket lock, set at Cloudflare, does it' },
  },
  {
    // "B2 does not support object tagging at all" (Intrinsec/s3proxy#34); If-None-Match answers 501
    // (lance-format/lance#5614); checksum headers of the SDK answer 400 in some regions (boto/s3transfer#327).
    name: 'Backblaze B2',
    host: /^s3\.(?<region>[a-z]+-[a-z]+-\d{3})\.backblazeb2\.com$/,
    checksums: 'refused',
    conditionalWrites: 'none',
    lacks: { tags: 'rules go by prefix', 'aws:kms': 'S3_SSE=AES256 is what B2 has' },
  },
  {
    // docs.digitalocean.com/products/spaces/reference/s3-compatibility: SSE-C only, no rules by tags. If-None-Match on a
    // Put works since 2026 (slatedb/slatedb#1818); 10,000 parts.
    name: 'DigitalOcean Spaces',
    host: /^(?<region>[a-z]{3}\d)\.digitaloceanspaces\.com$/,
    lacks: noSse,
    doubts: ['objectLock'],
  },
  {
    // docs.wasabi.com, Service URLs: the first region goes without a name, and some have a second one.
    name: 'Wasabi',
    host: /^s3\.(?:(?<region>[a-z-]+-\d)\.)?wasabisys\.com$/,
    region: 'us-east-1',
    regions: {
      'nl-1': 'eu-central-1',
      'de-1': 'eu-central-2',
      'uk-1': 'eu-west-1',
      'fr-1': 'eu-west-2',
      'uk-2': 'eu-west-3',
      'it-1': 'eu-south-1',
    },
  },
  {
    // scaleway.com/en/docs/object-storage: 1 to 1000 parts an upload; AES256 was ignored once and answers 400 since 2025.
    // Conditions on Complete are documented since 2026-07: not used, as a refusal would come at the end of a backup.
    name: 'Scaleway',
    host: /^s3\.(?<region>[a-z]{2}-[a-z]{3})\.scw\.cloud$/,
    maxParts: 1000,
    storageClasses: ['STANDARD', 'ONEZONE_IA', 'GLACIER'],
    lacks: { AES256: encryptOurselves },
  },
  {
    // cloud.google.com/storage/docs/multipart-uploads: "Preconditions are not supported in the requests"; for others they
    // go by generation, not by ETag. Checksum headers of the SDK are refused with ExcessHeaderValues.
    name: 'Google Cloud Storage',
    host: /^storage(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com$/,
    checksums: 'refused',
    region: 'auto',
    conditionalWrites: 'none',
    storageClasses: ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'],
    doubts: ['tags', 'objectLock', 'AES256', 'aws:kms'],
  },
  {
    // docs.hetzner.com/storage/object-storage/supported-actions: of encryption SSE-C only.
    name: 'Hetzner',
    host: /^(?<region>[a-z]{3}\d)\.your-objectstorage\.com$/,
    lacks: noSse,
  },
  {
    // Conditions since 2026-06-09 (ovh/ovhcloud-docs#28), 501 before. Refuses CRC-32 (earth-mover/icechunk#2115).
    name: 'OVHcloud',
    host: /^s3\.(?<region>[a-z-]+)\.(?:io|perf)\.cloud\.ovh\.(?:net|us)$/,
    checksums: 'refused',
  },
  { name: 'Akamai (Linode)', host: /^(?<region>[a-z]{2}-[a-z]+-\d+)\.linodeobjects\.com$/ },
  {
    // New buckets are reached by host only, so Railway's are, too.
    name: 'Tigris',
    host: /^(?:fly\.storage\.tigris\.dev|t3\.storage\.dev|t3\.storageapi\.dev)$/,
    region: 'auto',
    virtualHosts: true,
  },
  { name: 'Storj', host: /^gateway(?:\.[a-z0-9]+)?\.storjshare\.io$/ },
  { name: 'IDrive e2', host: /^(?:s3\.(?<region>[a-z]+-[a-z]+-\d)|.+)\.idrivee2(?:-\d+)?\.com$/ },
  {
    // supabase.com/docs/guides/storage/s3/compatibility. The region is that of the project and in no part of the host.
    name: 'Supabase Storage',
    host: /^[a-z0-9]+\.(?:storage\.)?supabase\.co$/,
    lacks: { ...noSse, tags: 'rules go by prefix', objectLock: 'there are neither locks nor versions' },
  },
  { name: 'Vultr', host: /^(?<region>[a-z]{3}\d)\.vultrobjects\.com$/ },
  { name: 'Exoscale', host: /^sos-(?<region>[a-z]{2}-[a-z]+-\d)\.exo\.io$/ },
  {
    name: 'IBM Cloud',
    host: /^s3\.(?:private\.|direct\.)?(?:[a-z]{3}\.)?(?<region>[a-z0-9-]+)\.cloud-object-storage\.appdomain\.cloud$/,
  },
  {
    // Conditional writes answer 501 (tobi/walgit#67).
    name: 'Alibaba Cloud',
    host: /^oss-(?<region>[a-z]+-[a-z]+(?:-\d)?)(?:-internal)?\.aliyuncs\.com$/,
    virtualHosts: true,
    conditionalWrites: 'none',
  },
  { name: 'Alibaba Cloud', host: /(?:^|\.)aliyuncs\.com$/, virtualHosts: true, conditionalWrites: 'none' },
  { name: 'Tencent Cloud', host: /^cos\.(?<region>[a-z]+-[a-z]+)\.myqcloud\.com$/, virtualHosts: true },
  { name: 'Huawei Cloud', host: /^obs\.(?<region>[a-z]+-[a-z]+-\d+)\.myhuaweicloud\.com$/, virtualHosts: true },
];

/**
 * The provider of an address, by its host; undefined where the host could be anybody's, as that of every MinIO and Ceph.
 * Pure: nothing is asked.
 */
export function recogniseProvider(host: string): Recognised | undefined {
  for (const provider of providers) {
    const match = provider.host.exec(host);
    if (!match) continue;
    const named = match.groups?.['region'];
    const region = named === undefined ? provider.region : (provider.regions?.[named] ?? named);
    return { provider, region };
  }
  return undefined;
}
