import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '../../src/catalog/manifest.ts';

/** All files below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/**
 * Asserts that what has its name in a directory store is whole, and that the older backups are as they were.
 * @param kept the folder as it was before.
 * @returns what the killed run has left, in a word or two.
 */
export function lookInto(folder: string, kept: string, where: string): string {
  const older = filesIn(kept);
  for (const file of older) {
    assert.ok(readFileSync(join(folder, file)).equals(readFileSync(join(kept, file))), `${where}: ${file} was touched`);
  }
  const added = filesIn(folder).filter((file) => !older.includes(file));
  for (const file of added.filter((name) => name.endsWith('/manifest.json'))) {
    const manifest = parseManifest(readFileSync(join(folder, file), 'utf8'), `${where}: ${file}`);
    for (const { key, bytes } of manifest.artifacts) {
      assert.equal(statSync(join(folder, file, '..', key)).size, bytes, `${where}: ${key} of a complete backup`);
    }
  }
  if (added.some((file) => file.endsWith('/manifest.json'))) return 'complete backup';
  if (added.some((file) => !file.endsWith('.partial'))) return 'data without a manifest';
  return added.length > 0 ? 'partial file' : 'nothing';
}
