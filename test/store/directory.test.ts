import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after } from 'node:test';
import { openStore } from '../../src/store/open.ts';
import { storeContract } from './contract.ts';
import { keptLog } from './scripted.ts';

const roots: string[] = [];
after(() => Promise.all(roots.map((root) => rm(root, { recursive: true }))));

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'pg-offsite-store-'));
  roots.push(root);
  return root;
}

/** Every file and folder below, so that an empty folder left behind shows too. */
async function everything(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries.map(
    (entry) => relative(root, join(entry.parentPath, entry.name)) + (entry.isFile() ? '' : '/'),
  );
  return names.filter((name) => !names.some((other) => name.endsWith('/') && other !== name && other.startsWith(name)));
}

storeContract('the directory store', async () => {
  const root = join(await newRoot(), 'not', 'there yet');
  return {
    store: openStore({ kind: 'directory', path: root }, keptLog().log),
    allKeys: () => everything(root),
    openUploads: () => Promise.resolve(0),
  };
});
