import type { Recognised } from '../store/s3/provider.ts';
import { aws, recogniseProvider } from '../store/s3/providers.ts';
import { quote } from './environment.ts';
import type { Findings } from './findings.ts';
import { quotesNote } from './quotes.ts';

/** What the address of a store tells about it. */
export interface Endpoint extends Partial<Recognised> {
  /** The address without a trailing slash, or undefined for AWS itself. */
  readonly url: string | undefined;
}

/** Reads the address of a store; undefined after a problem. */
export function readEndpoint(
  text: string | undefined,
  name: string,
  bucket: string | undefined,
  findings: Findings,
): Endpoint | undefined {
  if (text === undefined) return { url: undefined, provider: aws };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    // Shown only where it cannot hold a password.
    const shown = text.includes('@') ? name : `${name}=${quote(text)}`;
    findings.problem(
      `${shown} is not an http or https URL${quotesNote(text)}; for example ${name}=https://s3.example.com`,
    );
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
  return { url: `${url.origin}${path}`, ...recogniseProvider(url.hostname) };
}

/** Whether a host of a URL can only be this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}
