import { type FolderAddress, shellQuote } from '../catalog/restore-guide.ts';
import type { StoreConfig } from '../config/config.ts';
import type { Store } from '../store/store.ts';

/** How somebody with ordinary tools copies a backup's folder, for RESTORE.md. */
export function folderAddress(config: StoreConfig, store: Store, folder: string): FolderAddress {
  const location = store.describe(folder);
  if (config.kind === 'directory') {
    return { location, copyCommand: `cp ${shellQuote(`${config.path}/${folder}.`)} . -R` };
  }
  const endpoint = config.endpoint === undefined ? '' : ` --endpoint-url ${shellQuote(config.endpoint)}`;
  const region = config.endpoint === undefined && config.region !== '' ? ` --region ${shellQuote(config.region)}` : '';
  return {
    location,
    copyCommand: `aws s3 cp --recursive --only-show-errors${endpoint}${region} ${shellQuote(location)} .`,
  };
}
