import type { StoreConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import { DirectoryStore } from './directory.ts';
import { S3Store } from './s3/store.ts';
import type { Store } from './store.ts';

/** Opens the configured store. Nothing is touched before the first call; the caller closes it. */
export function openStore(config: StoreConfig, log: Log): Store {
  return config.kind === 's3' ? new S3Store(config, log) : new DirectoryStore(config, log);
}
