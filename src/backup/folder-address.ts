import { type FolderAddress, shellQuote } from '../catalog/restore-guide.ts';
import type { StoreConfig } from '../config/config.ts';

/**
 * How somebody with ordinary tools copies a backup's folder, for RESTORE.md.
 * @param location the folder's address as the store describes it, without a slash at its end.
 */
export function folderAddress(config: StoreConfig, location: string): FolderAddress {
  if (config.kind === 'directory') {
    const path = decodeURIComponent(new URL(location).pathname);
    return { location, copyCommand: `cp -R ${shellQuote(`${path}/.`)} .` };
  }
  const where =
    config.endpoint === undefined
      ? `--region ${shellQuote(config.region)}`
      : `--endpoint-url ${shellQuote(config.endpoint)}`;
  return { location, copyCommand: `aws s3 cp --recursive --only-show-errors ${where} ${shellQuote(location)} .` };
}
