import { globalsOf, type Manifest } from '../catalog/manifest.ts';
import type { ReaderConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import { prepareDecryption } from '../pipeline/decryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import type { Store } from '../store/store.ts';
import { checkedBytes, decodedBytes, explainDecoding } from './decode.ts';
import type { GlobalsScript } from './globals-script.ts';
import { parseGlobals } from './parse-globals.ts';

/** Where the globals of a backup are, and what decodes them. */
export interface GlobalsSource {
  readonly config: Pick<ReaderConfig, 'keys' | 'restoreMaxSize'>;
  readonly store: Store;
  /** The backup's folder, with its slash. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly searchPath: string;
  readonly signal: AbortSignal;
}

/** Enough for some hundred thousand roles; it is all held in memory. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Reads and understands the globals of a backup, all of them, before anything is done.
 * @throws {Failure} `usage` where it has none, `config` for a wrong key, `verification` for a damaged object, `dump` where
 * there is anything else in it than globals.
 */
export async function readGlobals(source: GlobalsSource): Promise<GlobalsScript> {
  const { config, store, folder, manifest, searchPath, signal } = source;
  const { id, database, encryptionRecipients } = manifest;
  const artifact = globalsOf(manifest);
  if (!artifact) {
    throw new Failure('usage', `the backup ${database} ${id} has no roles and settings beside the dump`, {
      hint: 'Leave out --globals, or take another backup; the variable GLOBALS says whether backups have them.',
    });
  }
  const { keys, restoreMaxSize } = config;
  await refuseWrongKey(artifact.encryption, keys, encryptionRecipients, searchPath, signal);
  await using decryption = await prepareDecryption(artifact.encryption, keys, searchPath, signal);
  const stages = [decryption.stage, await decompressStage(artifact.compression, searchPath)];
  const key = folder + artifact.key;
  const address = store.describe(key);
  const limit = { bytes: restoreMaxSize === 'auto' ? mostBytes : restoreMaxSize, address };
  const chunks: Uint8Array[] = [];
  try {
    const stored = checkedBytes(store, key, artifact, signal);
    for await (const chunk of decodedBytes(stored, stages, limit, signal)) chunks.push(Uint8Array.from(chunk));
  } catch (error) {
    throw await explainDecoding(error, { store, key, artifact, signal });
  }
  const script = parseGlobals(Buffer.concat(chunks).toString('utf8'));
  if (!('unknown' in script)) return script;
  const what = script.unknown === '' ? 'something' : `a statement (${script.unknown} …)`;
  throw new Failure('dump', `${address} holds ${what} that is not known of globals; nothing of it was run`, {
    hint: 'Find out who can write to the store. If it is genuine, see RESTORE.md for how to run it with psql, after you have read it.',
    retryable: false,
  });
}
