import { shellQuote } from '../catalog/unpack-command.ts';
import type { FolderAddress } from '../catalog/restore-guide.ts';
import type { StoreConfig } from '../config/config.ts';

/**
 * How somebody with ordinary tools copies a backup's folder, for RESTORE.md.
 * @param location the folder's address as the store describes it, without a slash at its end.
 */
export function folderAddress(config: StoreConfig, location: string): FolderAddress {
  if (config.kind === 'directory') {
    const path = decodeURIComponent(new URL(location).pathname);
    return { kind: 'directory', location, copyCommand: `cp -R ${shellQuote(`${path}/.`)} .` };
  }
  const endpoint = config.endpoint === undefined ? '' : `--endpoint-url ${shellQuote(config.endpoint)} `;
  const where = `${endpoint}--region ${shellQuote(config.region)}`;
  return {
    kind: 's3',
    location,
    copyCommand: ['aws s3 cp --recursive --only-show-errors', `  ${where}`, `  ${shellQuote(`${location}/`)} .`].join(
      ' \\\n',
    ),
  };
}
