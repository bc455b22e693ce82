import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Artifact, Manifest } from '../../src/catalog/manifest.ts';
import { type Backup, rewritten } from './stored.ts';

/** What pg_dump wrote into a backup that is not encrypted. */
export function dumpOf({ artifact, manifest }: Backup): Buffer {
  const stored = readFileSync(artifact);
  const { compression } = manifest.artifacts[0]!;
  return compression === 'zstd' ? zstdDecompressSync(stored) : compression === 'gzip' ? gunzipSync(stored) : stored;
}

/** Puts another dump into a backup as somebody would who can write to the store: with sums and sizes that fit. */
export function forgeDump(backup: Backup, dump: Buffer | string): void {
  const { compression } = backup.manifest.artifacts[0]!;
  const bytes = Buffer.from(dump);
  forgeStored(
    backup,
    compression === 'zstd' ? zstdCompressSync(bytes) : compression === 'gzip' ? gzipSync(bytes) : bytes,
  );
}

/** The same with the bytes as they are stored, and anything else that the manifest says. */
export function forgeStored(
  { manifest, folder, artifact }: Backup,
  stored: Buffer,
  changes: { readonly artifact?: Partial<Artifact>; readonly manifest?: Partial<Manifest> } = {},
): void {
  writeFileSync(artifact, stored);
  const sha256 = createHash('sha256').update(stored).digest('hex');
  const artifacts = manifest.artifacts.map((old) => ({ ...old, ...changes.artifact, bytes: stored.length, sha256 }));
  const texts = rewritten(manifest, { ...changes.manifest, artifacts });
  writeFileSync(join(folder, 'manifest.json'), texts.manifest);
  writeFileSync(join(folder, 'SHA256SUMS'), texts.sums);
}
