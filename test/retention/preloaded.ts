import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newBackupId } from '../../src/catalog/ids.ts';
import type { Manifest } from '../../src/catalog/manifest.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { sha256Sums } from '../../src/catalog/sums.ts';
import { sampleArtifact, sampleManifest } from '../catalog/sample-manifest.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import type { S3Server } from '../support/s3-server.ts';

const dayMs = 86_400_000;

/** A backup that no run has made: its id and the content of its objects by key. */
export interface Preloaded {
  readonly id: string;
  readonly folder: string;
  readonly time: Date;
  readonly files: ReadonlyMap<string, string>;
}

/** A complete backup begun at a time; `undefined` among the changes takes a file away. */
export function backupOf(time: Date, changes: Partial<Manifest> = {}, database = 'shop'): Preloaded {
  const id = newBackupId(time);
  const folder = `${database}/${id}/`;
  const artifacts = [sampleArtifact(`dump of ${id}`)];
  const manifest = sampleManifest({ id, database, artifacts, ...changes });
  const files = new Map([
    [`${folder}RESTORE.md`, 'how to restore it'],
    [`${folder}SHA256SUMS`, sha256Sums(artifacts)],
    [`${folder}${artifacts[0]!.key}`, `dump of ${id}`],
    [`${folder}manifest.json`, serializeManifest(manifest)],
  ]);
  return { id, folder, time, files };
}

/** One backup a night, made an hour ago and so on, the newest first. */
export function nightly(count: number, database = 'shop'): Preloaded[] {
  const start = Date.now() - 3_600_000;
  return Array.from({ length: count }, (_, nights) => backupOf(new Date(start - nights * dayMs), {}, database));
}

/** Puts backups into a server under a prefix, as old there as their names say. */
export function preload(server: S3Server, backups: readonly Preloaded[], prefix = 'pg/'): void {
  for (const { files, time } of backups) {
    for (const [key, content] of files) preloadObject(server, prefix + key, content, time);
  }
}

/** Puts one object into a server, as old as it should be. */
export function preloadObject(server: S3Server, key: string, content: string, lastModified: Date): void {
  server.put(key, content);
  const object = server.objects().get(key);
  if (object) server.objects().set(key, { ...object, lastModified });
}

/** A directory with backups, as old as their names say. */
export function folderOf(backups: readonly Preloaded[]): string {
  const root = temporaryFolder();
  for (const { files, time } of backups) {
    for (const [key, content] of files) {
      mkdirSync(dirname(join(root, key)), { recursive: true });
      writeFileSync(join(root, key), content);
      utimesSync(join(root, key), time, time);
    }
  }
  return root;
}
