import type { Artifact } from '../catalog/manifest.ts';
import type { KeysConfig } from '../config/config.ts';
import { measure } from '../pipeline/meter.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import { canDecrypt, prepareDecryption } from '../pipeline/decryption.ts';
import type { Store } from '../store/store.ts';
import type { DecodedLimit } from './decoded-limit.ts';
import { checkedBytes, decodedBytes, explainDecoding } from './decode.ts';

/** What was found of one good artifact. */
export interface VerifiedArtifact {
  /** Bytes as stored. */
  readonly bytes: number;
  /** Bytes that pg_dump wrote; undefined when there was no key to decrypt with. */
  readonly dumpBytes: number | undefined;
}

/** What reading back takes besides the artifact. */
export interface VerifyRequest {
  readonly keys: KeysConfig;
  readonly limit: DecodedLimit;
  readonly searchPath: string;
  readonly signal: AbortSignal;
}

/**
 * Reads one artifact back whole: size and SHA-256 against the manifest, decryption where a key is given, decompression to
 * the end.
 * @throws {Failure} `verification` naming the object and what is wrong with it; `dump` for one that decodes to more
 * than the limit; `config` for a key that does not fit.
 */
export async function verifyArtifact(
  store: Store,
  key: string,
  artifact: Artifact,
  { keys, limit, searchPath, signal }: VerifyRequest,
): Promise<VerifiedArtifact> {
  const stored = checkedBytes(store, key, artifact, signal);
  if (!canDecrypt(artifact.encryption, keys)) {
    return { bytes: (await measure(stored)).bytes, dumpBytes: undefined };
  }
  await using decryption = await prepareDecryption(artifact.encryption, keys, searchPath, signal);
  const decompression = await decompressStage(artifact.compression, searchPath);
  try {
    let dumpBytes = 0;
    for await (const chunk of decodedBytes(stored, [decryption.stage, decompression], limit, signal)) {
      dumpBytes += chunk.length;
    }
    return { bytes: artifact.bytes, dumpBytes };
  } catch (error) {
    throw await explainDecoding(error, { store, key, artifact, signal });
  }
}
