import { type Entry, readEntry } from '../catalog/entries.ts';
import { fileNames } from '../catalog/keys.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readText } from '../catalog/stored-record.ts';
import { sha256Sums } from '../catalog/sums.ts';
import type { ReaderConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { measure } from '../pipeline/meter.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import { canDecrypt, type Decryption, prepareDecryption } from '../pipeline/decryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';
import type { Progress } from '../report/progress.ts';
import { type FollowedReading, followReading } from '../report/reading.ts';
import type { Store } from '../store/store.ts';
import { type DecodedLimit, decodedLimit } from './decoded-limit.ts';
import { checkedBytes, decodedBytes, explainDecoding } from './decode.ts';
import type { ArtifactSource } from './load.ts';
import { automaticJobs } from './scope.ts';

/** What was found of one good artifact. */
export interface VerifiedArtifact {
  /** Its file name within the backup's folder. */
  readonly key: string;
  /** Bytes as stored. */
  readonly bytes: number;
  /** Bytes that pg_dump wrote; undefined when there was no key to decrypt with. */
  readonly dumpBytes: number | undefined;
}

/** What reading back takes besides the backup. */
export interface VerifyRequest {
  readonly config: Pick<ReaderConfig, 'keys' | 'restoreMaxSize' | 'restoreJobs'>;
  readonly searchPath: string;
  readonly log: Log;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Reads one backup back: its manifest, SHA256SUMS beside it, and every artifact whole: size and SHA-256 against the
 * manifest, decryption where a key is given, decompression to the end. Several artifacts are read side by side.
 * @throws {Failure} `verification` naming the object and what is wrong with it; `dump` for one that decodes to more than
 * is allowed; `config` for a key that does not fit, before anything is read where that can be told; what the store throws.
 */
export async function verifyBackup(store: Store, entry: Entry, request: VerifyRequest): Promise<VerifiedArtifact[]> {
  const { config, searchPath, log, progress, signal } = request;
  const manifest = await readEntry(store, entry, signal);
  await verifySums(store, entry.folder + fileNames.sums, manifest, signal);
  const { artifacts } = manifest;
  const { keys } = config;
  const kind = artifacts.find(({ encryption }) => encryption !== 'none')?.encryption ?? 'none';
  const hasKey = canDecrypt(kind, keys);
  if (hasKey) await refuseWrongKey(kind, keys, manifest.encryptionRecipients, searchPath, signal);
  await using decryption = hasKey ? await prepareDecryption(kind, keys, searchPath, signal) : undefined;
  const totalBytes = artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
  using reading = followReading(progress, { name: `${manifest.database} ${manifest.id}`, totalBytes, log });
  // One limit for all that is decoded; the words for more than one thing are for more than one.
  const together = artifacts.length > 1 ? { bytes: 0 } : undefined;
  return await sideBySide(artifacts, atOnce(config), signal, async (artifact, either) => {
    const stored = { store, key: entry.folder + artifact.key, artifact, signal: either };
    const limit = {
      ...decodedLimit(config.restoreMaxSize, manifest, store.describe(stored.key)),
      ...(together && { together }),
    };
    const dumpBytes = await verifyArtifact(stored, { reading, limit, decryption, searchPath });
    return { key: artifact.key, bytes: artifact.bytes, dumpBytes };
  });
}

/** As many artifacts as lanes would be restored: each takes a connection and two processes. */
function atOnce({ restoreJobs }: Pick<ReaderConfig, 'restoreJobs'>): number {
  return typeof restoreJobs === 'number' ? restoreJobs : Math.max(2, automaticJobs());
}

async function verifySums(store: Store, key: string, { artifacts }: Manifest, signal: AbortSignal): Promise<void> {
  if ((await store.head(key, signal)) === undefined) {
    throw new Failure('verification', `${store.describe(key)} is missing`, {
      hint: 'The backup can be restored without it, but somebody has removed it: look for what else is gone.',
    });
  }
  const expected = sha256Sums(artifacts);
  if ((await readText(store, key, expected.length, signal)) === expected) return;
  throw new Failure('verification', `${store.describe(key)} does not say what the manifest says`, {
    hint: 'One of them was edited or cut; the artifacts decide: check them with sha256sum.',
  });
}

interface Reading {
  readonly reading: FollowedReading;
  readonly limit: DecodedLimit;
  /** Undefined where there is no key. */
  readonly decryption: Decryption | undefined;
  readonly searchPath: string;
}

/** Resolves to the bytes that pg_dump wrote; undefined where there is no key. */
async function verifyArtifact(
  source: Pick<ArtifactSource, 'store' | 'key' | 'artifact' | 'signal'>,
  { reading, limit, decryption, searchPath }: Reading,
): Promise<number | undefined> {
  const { store, key, artifact, signal } = source;
  const stored = reading.pass(checkedBytes(store, key, artifact, signal));
  if (!decryption) {
    await measure(stored);
    return undefined;
  }
  const decompression = await decompressStage(artifact.compression, searchPath);
  // What was not encrypted is not decrypted.
  const stage = artifact.encryption === 'none' ? undefined : decryption.stage;
  try {
    let dumpBytes = 0;
    for await (const chunk of decodedBytes(stored, [stage, decompression], limit, signal)) {
      dumpBytes += chunk.length;
    }
    return dumpBytes;
  } catch (error) {
    throw await explainDecoding(error, source);
  }
}
