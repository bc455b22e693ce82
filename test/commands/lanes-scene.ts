import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach } from 'node:test';
import { dataLane, laneFile, restLane, schemaLane } from '../../src/catalog/lane-names.ts';
import { type Artifact, type Manifest, schemaVersionFor } from '../../src/catalog/manifest.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { type Backup, rewritten, type Stored } from './stored.ts';

/** A backup in lanes is made of each of these before each test: call it at the top level of a test file. */
export function useLanes(
  stored: Stored,
  groups: readonly (readonly string[])[],
  finish: (backup: Backup, index: number) => void = () => undefined,
  recipient?: string,
): void {
  const kept = join(temporaryFolder(), 'lanes');
  beforeEach(async () => {
    if (!existsSync(kept)) {
      for (const [index, backup] of stored.backups.entries()) {
        await intoLanes(backup, stored.postgres, groups, recipient);
        finish(backup, index);
      }
      cpSync(stored.place, kept, { recursive: true });
    }
    rmSync(stored.place, { recursive: true });
    cpSync(kept, stored.place, { recursive: true });
  });
}

/** What is said of a backup in lanes, as it is stored now. */
export function lanesIn({ folder }: Backup): { manifest: Manifest; path: (lane: string) => string } {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const path = (lane: string): string => join(folder, manifest.artifacts.find((one) => one.lane === lane)?.key ?? '');
  return { manifest, path };
}

/** Writes the manifest of a backup anew, and SHA256SUMS. */
export function rewrite({ folder }: Backup, manifest: Manifest, changes: Partial<Manifest>): void {
  const { manifest: text, sums } = rewritten(manifest, changes);
  writeFileSync(join(folder, 'manifest.json'), text);
  writeFileSync(join(folder, 'SHA256SUMS'), sums);
}

/**
 * Makes lanes with stock tools of a backup that is one dump, in its place: of the schema, of each group of tables (as
 * patterns of pg_dump), and of the rest. It has the form of the backup: zstd, and age for this recipient.
 */
async function intoLanes(
  backup: Backup,
  postgres: TestPostgres,
  groups: readonly (readonly string[])[],
  recipient?: string,
): Promise<void> {
  const { folder, manifest, artifact } = backup;
  const [whole] = manifest.artifacts;
  if (!whole) throw new Error('there is no dump');
  const data = (args: readonly string[]): string[] => ['--section=data', ...args];
  const lanes: (readonly [string, readonly string[]])[] = [
    [schemaLane, ['--section=pre-data', '--section=post-data']],
    ...groups.map((group, index) => [dataLane(index + 1), data(group.map((table) => `--table=${table}`))] as const),
    [restLane, data(groups.flat().map((table) => `--exclude-table=${table}`))],
  ];
  const artifacts: Artifact[] = [];
  for (const [lane, args] of lanes) {
    const key = whole.key.replace(laneFile('all'), laneFile(lane));
    const file = join(folder, key);
    const encrypt = recipient === undefined ? '' : `| age -r ${recipient}`;
    await runCommand(
      'bash',
      ['-c', `set -o pipefail; "$0" -Fc -Z0 "$@" | zstd ${encrypt} > "$FILE"`, `${postgres.binDir}/pg_dump`, ...args],
      {
        env: { ...process.env, ...postgres.env, PGDATABASE: manifest.database, FILE: file },
      },
    );
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    artifacts.push({ ...whole, key, lane, sha256, bytes: statSync(file).size });
  }
  rmSync(artifact);
  const others = manifest.artifacts.filter(({ kind }) => kind !== 'dump');
  const all = [...artifacts, ...others];
  rewrite(backup, manifest, { schemaVersion: schemaVersionFor(all), artifacts: all });
}
