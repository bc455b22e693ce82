import { type Entry, readEntry } from '../catalog/entries.ts';
import { fileNames } from '../catalog/keys.ts';
import type { Artifact, Manifest } from '../catalog/manifest.ts';
import { readText } from '../catalog/stored-record.ts';
import { sha256Sums } from '../catalog/sums.ts';
import type { ReaderConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { measure } from '../pipeline/meter.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import { canDecrypt, prepareDecryption } from '../pipeline/decryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import type { Store } from '../store/store.ts';
import { type DecodedLimit, decodedLimit } from './decoded-limit.ts';
import { checkedBytes, decodedBytes, explainDecoding } from './decode.ts';

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
  readonly config: Pick<ReaderConfig, 'keys' | 'restoreMaxSize'>;
  readonly searchPath: string;
  readonly log: Log;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Reads one backup back: its manifest, SHA256SUMS beside it, and every artifact whole: size and SHA-256 against the
 * manifest, decryption where a key is given, decompression to the end.
 * @throws {Failure} `verification` naming the object and what is wrong with it; `dump` for one that decodes to more than
 * is allowed; `config` for a key that does not fit, before anything is read where that can be told; what the store throws.
 */
export async function verifyBackup(store: Store, entry: Entry, request: VerifyRequest): Promise<VerifiedArtifact[]> {
  const manifest = await readEntry(store, entry, request.signal);
  await verifySums(store, entry.folder + fileNames.sums, manifest, request.signal);
  const verified: VerifiedArtifact[] = [];
  const { artifacts } = manifest;
  // One limit for all that is decoded; the words for more than one thing are for more than one.
  const together = artifacts.length > 1 ? { bytes: 0 } : undefined;
  for (const artifact of artifacts) {
    const address = store.describe(entry.folder + artifact.key);
    const limit = { ...decodedLimit(request.config.restoreMaxSize, manifest, address), ...(together && { together }) };
    const dumpBytes = await verifyArtifact(store, entry.folder, artifact, manifest, limit, request);
    verified.push({ key: artifact.key, bytes: artifact.bytes, dumpBytes });
  }
  return verified;
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

/** Resolves to the bytes that pg_dump wrote; undefined where there is no key. */
async function verifyArtifact(
  store: Store,
  folder: string,
  artifact: Artifact,
  manifest: Manifest,
  limit: DecodedLimit,
  { config: { keys }, searchPath, log, progress, signal }: VerifyRequest,
): Promise<number | undefined> {
  const key = folder + artifact.key;
  const hasKey = canDecrypt(artifact.encryption, keys);
  if (hasKey) await refuseWrongKey(artifact.encryption, keys, manifest.encryptionRecipients, searchPath, signal);
  const name = `${manifest.database} ${manifest.id}`;
  using reading = followReading(progress, { name, totalBytes: artifact.bytes, log });
  const stored = reading.pass(checkedBytes(store, key, artifact, signal));
  if (!hasKey) {
    await measure(stored);
    return undefined;
  }
  await using decryption = await prepareDecryption(artifact.encryption, keys, searchPath, signal);
  const decompression = await decompressStage(artifact.compression, searchPath);
  try {
    let dumpBytes = 0;
    for await (const chunk of decodedBytes(stored, [decryption.stage, decompression], limit, signal)) {
      dumpBytes += chunk.length;
    }
    return dumpBytes;
  } catch (error) {
    throw await explainDecoding(error, { store, key, artifact, signal });
  }
}
