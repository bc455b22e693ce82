import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newBackupId } from '../../src/catalog/ids.ts';
import { backupFolder } from '../../src/catalog/keys.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { type Proof, proofFileName, serializeProof } from '../../src/catalog/proof.ts';
import { sampleArtifact, sampleManifest } from '../catalog/sample-manifest.ts';
import { sampleProof } from '../catalog/sample-proof.ts';

/** How a backup differs from a good one of `shop` that took a minute. */
export interface Kept {
  readonly begun: Date;
  readonly database?: string;
  readonly tookMs?: number;
}

/** Puts a complete backup into the folder of a directory store and returns its id and folder. */
export function keepBackup(store: string, { begun, database = 'shop', tookMs = 60_000 }: Kept) {
  const id = newBackupId(begun);
  const folder = join(store, backupFolder(database, id));
  mkdirSync(folder, { recursive: true });
  const manifest = sampleManifest({
    id,
    database,
    startedAt: begun.toISOString(),
    finishedAt: new Date(begun.getTime() + tookMs).toISOString(),
    artifacts: [sampleArtifact('dump', { key: 'database.dump.zst' })],
  });
  writeFileSync(join(folder, 'database.dump.zst'), 'dump');
  writeFileSync(join(folder, 'manifest.json'), serializeManifest(manifest));
  return { id, folder, database };
}

/** Puts the proof of a drill that took a minute beside a backup. */
export function keepProof(
  { id, folder, database }: ReturnType<typeof keepBackup>,
  finished: Date,
  outcome: Proof['outcome'] = 'passed',
): void {
  const startedAt = new Date(finished.getTime() - 60_000).toISOString();
  const { sha256 } = sampleArtifact('dump');
  const artifacts = [{ key: 'database.dump.zst', sha256 }];
  const proof = sampleProof({ id, database, startedAt, finishedAt: finished.toISOString(), outcome, artifacts });
  writeFileSync(join(folder, proofFileName(finished)), serializeProof(proof));
}
