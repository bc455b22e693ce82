import { Failure } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { databaseFolder, fileNames, isDumpFile, parseKey } from './keys.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { readText } from './stored-record.ts';

/** The most that is read of a manifest: far more than 100,000 tables need. */
const maxManifestBytes = 64 * 1024 * 1024;

/** The ids of a database's complete backups, oldest first. Reads names only. */
export async function listBackupIds(store: Store, database: string, signal: AbortSignal): Promise<string[]> {
  const marked = new Set<string>();
  const filled = new Set<string>();
  for await (const { key } of store.list(databaseFolder(database), signal)) {
    const parsed = parseKey(key);
    if (parsed?.file === fileNames.manifest) marked.add(parsed.id);
    else if (parsed && isDumpFile(parsed.file)) filled.add(parsed.id);
  }
  return [...marked.intersection(filled)].sort();
}

/**
 * Reads one manifest.
 * @throws {Failure} `verification` when it is damaged; what the store throws when it is missing.
 */
export async function readManifest(store: Store, key: string, signal: AbortSignal): Promise<Manifest> {
  const where = store.describe(key);
  const text = await readText(store, key, maxManifestBytes, signal);
  if (text === undefined) {
    throw new Failure('verification', `${where} is larger than any manifest`, {
      hint: 'No run has written it. Find out who put it there; another backup may be good: see list.',
      retryable: false,
    });
  }
  return parseManifest(text, where);
}
