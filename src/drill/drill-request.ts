import type { Manifest } from '../catalog/manifest.ts';
import type { ReaderConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Progress } from '../report/progress.ts';
import type { Store } from '../store/store.ts';

/** What a drill is made of. */
export interface DrillRequest {
  readonly config: Pick<ReaderConfig, 'keys' | 'signing' | 'clientsDir' | 'restoreMaxSize' | 'drill'>;
  readonly store: Store;
  /** The backup's folder in the store, with its slash. */
  readonly folder: string;
  /** It need not be stored yet. */
  readonly manifest: Manifest;
  /** Whether the drill may go on without an extension of this name that the scratch server lacks. */
  readonly allowMissing: (extension: string) => boolean;
  /** See `RestoreRequest`. */
  readonly jobs: number | undefined;
  readonly searchPath: string;
  readonly toolVersion: string;
  readonly log: Log;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}
