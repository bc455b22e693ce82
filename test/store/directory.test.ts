import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import { storeContract } from './contract.ts';
import { calm, collect, keptLog, streamOf } from './scripted.ts';

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

it('a key that would lead out of the folder is a bug of whoever asks', async () => {
  const store = openStore({ kind: 'directory', path: await newRoot() }, keptLog().log);
  for (const key of ['../outside', 'a//b', 'a/./b', 'a\0b']) {
    await assert.rejects(store.head(key, calm()), { kind: 'bug', message: `not a key: ${JSON.stringify(key)}` });
  }
});

storeContract('the directory store', async () => {
  const root = join(await newRoot(), 'not', 'there yet');
  return {
    store: openStore({ kind: 'directory', path: root }, keptLog().log),
    allKeys: () => everything(root),
    openUploads: () => Promise.resolve(0),
  };
});

it('what is in the way for a moment only, as another run removes it, fails nothing', async () => {
  const place = join(await newRoot(), 'place');
  await writeFile(place, '');
  const store = openStore({ kind: 'directory', path: join(place, 'member') }, keptLog().log);
  const checked = store.checkWritable('shop/1/database.dump', calm());
  setTimeout(() => void rm(place), 30);
  await checked;
  assert.deepEqual(await everything(place), []);
});

describe('the directory store', () => {
  const small = { runId: 'run-1', contentType: 'text/plain', signal: calm() };
  const open = async () => {
    const root = await newRoot();
    return { root, store: openStore({ kind: 'directory', path: root }, keptLog().log) };
  };

  it('keeps files and folders from other users', async () => {
    const { root, store } = await open();
    await store.putSmall('db/x/1', 'x', small);
    const modes = await Promise.all(
      ['db', 'db/x', 'db/x/1'].map(async (path) => (await stat(join(root, path))).mode & 0o777),
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o600]);
  });

  it('shows a stream under its name only when it is whole', async () => {
    const { root, store } = await open();
    async function* body(): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      const names = await everything(root);
      assert.ok(names.length === 1 && /^\.one\.dump\.[0-9a-f]+\.partial$/.test(names[0] ?? ''), String(names));
      const listed: string[] = [];
      for await (const { key } of store.list('', calm())) listed.push(key);
      assert.deepEqual(listed, []);
      yield Buffer.from(' done');
    }
    await store.putStream('one.dump', body(), { runId: 'run-1', expectedBytes: 9, signal: calm() });
    assert.deepEqual(await everything(root), ['one.dump']);
    assert.equal((await collect(store.get('one.dump', calm()))).toString(), 'half done');
  });

  it('sweeps what a killed run has left, older than told and below the prefix, folders and all', async () => {
    const { root, store } = await open();
    await store.putSmall('db/kept/1', 'x', small);
    const old = new Date(Date.now() - 3_600_000);
    for (const name of ['db/old/.a.123456.partial', 'db/young/.b.123456.partial', 'other/.c.123456.partial']) {
      await mkdir(join(root, name, '..'), { recursive: true });
      await writeFile(join(root, name), 'half');
      if (!name.includes('young')) await utimes(join(root, name), old, old);
    }
    assert.equal(await store.sweepUnfinished('db/', new Date(Date.now() - 60_000), calm()), 1);
    const left = await everything(root);
    assert.deepEqual(left.sort(), ['db/kept/1', 'db/young/.b.123456.partial', 'other/.c.123456.partial']);
  });

  for (const key of ['../outside', 'a/../../outside', '/etc/x', 'a//b', '', '.', 'a/\0']) {
    it(`takes ${JSON.stringify(key)} for no key`, async () => {
      const { root, store } = await open();
      await assert.rejects(
        store.putSmall(key, 'x', small),
        (error) => error instanceof Failure && error.kind === 'bug',
      );
      assert.deepEqual(await everything(root), []);
    });
  }

  it('leaves nothing where a folder cannot be flushed to the disk', async () => {
    const { root, store } = await open();
    // Writable, but not to be opened; root may open anything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) await chown(root, 65534, 65534);
    await chmod(root, 0o333);
    try {
      if (isRoot) process.seteuid?.(65534);
      const put = store.putStream('db/x/1', streamOf(Buffer.from('x')), {
        runId: 'run-1',
        expectedBytes: 1,
        signal: calm(),
      });
      await assert.rejects(put, (error) => error instanceof Failure && error.kind === 'denied');
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(root, 0o700);
    }
    assert.deepEqual(await everything(root), []);
  });

  it('says that a path through a file is no folder', async () => {
    const store = openStore({ kind: 'directory', path: '/dev/full' }, keptLog().log);
    const put = store.putStream('a', streamOf(Buffer.from('x')), { runId: 'run-1', expectedBytes: 1, signal: calm() });
    await assert.rejects(put, (error) => error instanceof Failure && error.message.includes('not a folder'));
  });
});
