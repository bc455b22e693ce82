import type { Findings } from './findings.ts';
import { quote } from './environment.ts';

/** What the address of a store tells about it. */
export interface Endpoint {
  /** The address without a trailing slash, or undefined for AWS itself. */
  readonly url: string | undefined;
  /** The region that the host names, or undefined. */
  readonly region: string | undefined;
  readonly forcePathStyle: boolean;
  /** True for a host of AWS, where the SDK's checksums are always right. */
  readonly isAws: boolean;
}

/**
 * Providers whose host names the region, or which refuse `https://endpoint/bucket`. All others are reached that way,
 * because it needs neither a wildcard certificate nor a DNS name for each bucket.
 */
const providers: readonly { readonly host: RegExp; readonly region?: string; readonly virtualHosts?: boolean }[] = [
  { host: /(?:^|\.)r2\.cloudflarestorage\.com$/, region: 'auto' },
  { host: /^s3(?:-fips)?[.-](?:dualstack\.)?(?<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/, virtualHosts: true },
  { host: /(?:^|\.)amazonaws\.com(?:\.cn)?$/, virtualHosts: true },
  { host: /^s3\.(?<region>[a-z]+-[a-z]+-\d{3})\.backblazeb2\.com$/ },
  { host: /^s3\.(?<region>[a-z-]+-\d)\.wasabisys\.com$/ },
  { host: /^s3\.(?<region>[a-z]{2}-[a-z]{3})\.scw\.cloud$/ },
  { host: /^(?<region>[a-z]{3}\d)\.digitaloceanspaces\.com$/ },
  { host: /^(?<region>[a-z]{3}\d)\.your-objectstorage\.com$/ },
  { host: /^s3\.(?<region>[a-z-]+)\.io\.cloud\.ovh\.(?:net|us)$/ },
  { host: /^oss-(?<region>[a-z]+-[a-z]+(?:-\d)?)(?:-internal)?\.aliyuncs\.com$/, virtualHosts: true },
  { host: /(?:^|\.)aliyuncs\.com$/, virtualHosts: true },
  { host: /^cos\.(?<region>[a-z]+-[a-z]+)\.myqcloud\.com$/, virtualHosts: true },
  { host: /^obs\.(?<region>[a-z]+-[a-z]+-\d)\.myhuaweicloud\.com$/, virtualHosts: true },
];

const aws: Endpoint = { url: undefined, region: undefined, forcePathStyle: false, isAws: true };

/** Reads the address of a store; undefined after a problem. */
export function readEndpoint(
  text: string | undefined,
  name: string,
  bucket: string | undefined,
  findings: Findings,
): Endpoint | undefined {
  if (text === undefined) return aws;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    // Shown only where it cannot hold a password.
    const shown = text.includes('@') ? name : `${name}=${quote(text)}`;
    findings.problem(`${shown} is not an http or https URL; for example ${name}=https://s3.example.com`);
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    findings.problem(`${name} holds credentials; put them into S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY`);
    return undefined;
  }
  if (url.search !== '' || url.hash !== '') {
    findings.problem(`${name}=${quote(text)} has a query; write only the address, like ${name}=https://s3.example.com`);
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (bucket !== undefined && (path === `/${bucket}` || url.hostname.startsWith(`${bucket}.`))) {
    findings.problem(
      `${name}=${quote(text)} names the bucket, which S3_BUCKET does already; remove it from the address`,
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    findings.warn(
      `${name} begins with http://, so that whoever is on the way can read along; use https:// if the store can`,
    );
  }
  const provider = providers.find(({ host }) => host.test(url.hostname));
  return {
    url: `${url.origin}${path}`,
    region: provider?.region ?? provider?.host.exec(url.hostname)?.groups?.['region'],
    forcePathStyle: provider?.virtualHosts !== true,
    isAws: /(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(url.hostname),
  };
}

/** Whether a host of a URL can only be this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}
