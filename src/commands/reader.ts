import { believeOnly } from '../catalog/believe.ts';
import type { ReaderConfig } from '../config/config.ts';
import { readReaderConfig } from '../config/read.ts';
import type { Log } from '../log.ts';
import { harmless } from '../visible.ts';
import { createRedactor } from '../redact.ts';
import type { Progress } from '../report/progress.ts';
import { createReporting } from '../report/reporting.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Edge } from './command.ts';

/** What every command that reads backups begins with. Disposing closes the store. */
export interface Reader extends Disposable {
  readonly config: ReaderConfig;
  readonly log: Log;
  readonly progress: Progress;
  /** Believes only what is signed, where keys say so. */
  readonly store: Store;
  /** Writes to standard output, without secrets and without what would move a terminal's cursor. */
  readonly print: (text: string) => void;
}

/**
 * Reads the configuration and opens log and store.
 * @throws {Failure} `config` listing every problem.
 */
export function openReader(edge: Edge): Reader {
  const config = readReaderConfig(edge.env);
  const redact = createRedactor(config.secrets);
  const { log, progress } = createReporting(edge, config.log, redact);
  for (const warning of config.warnings) log.warn(warning);
  const store = believeOnly(openStore(config.store, log), config.signing.publicKeys);
  return {
    config,
    log,
    progress,
    store,
    print: (text) => {
      edge.stdout.write(harmless(redact(text)));
    },
    [Symbol.dispose]: () => {
      store.close();
    },
  };
}
