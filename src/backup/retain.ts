import { believeOnly } from '../catalog/believe.ts';
import { pruneAfterBackup, type Pruned } from '../retention/after-backup.ts';
import { openStore } from '../store/open.ts';
import type { RunContext } from './context.ts';
import type { CompletedBackup } from './run.ts';

/** A complete backup, and what retention did after it; its warnings are those of both. */
export type RetainedBackup = CompletedBackup & Pick<Pruned, 'pruned'>;

/** Applies retention, where it is configured, to the database whose backup has just been made. Never rejects. */
export async function retainAfter(
  completed: CompletedBackup,
  { config, log, signal }: Pick<RunContext, 'config' | 'log' | 'signal'>,
): Promise<RetainedBackup> {
  const { retention: policy } = config;
  if (!policy) return completed;
  const store = believeOnly(openStore(config.store, log), config.signing.publicKeys);
  try {
    const { database, id: madeNow } = completed.manifest;
    const backupTimeoutMs = config.run.timeoutMs;
    const request = { store, database, madeNow, policy, backupTimeoutMs, log, signal };
    const { pruned, warnings } = await pruneAfterBackup(request);
    return { ...completed, ...(pruned && { pruned }), warnings: [...completed.warnings, ...warnings] };
  } finally {
    store.close();
  }
}
