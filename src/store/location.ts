import { pathToFileURL } from 'node:url';
import type { StoreConfig } from '../config/config.ts';

/** The address of a store that need not be opened for it, for people: `s3://bucket/prefix` or `file:///dir`. */
export function locationOf(config: StoreConfig): string {
  if (config.kind === 'directory') return pathToFileURL(config.path).href;
  return `s3://${[config.bucket, config.prefix].filter(Boolean).join('/')}`;
}
