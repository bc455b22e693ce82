import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { StoredObject } from '../../src/store/store.ts';
import { parseManifest, serializeManifest } from '../../src/catalog/manifest.ts';
import { sampleManifest } from '../catalog/sample-manifest.ts';
import { custom, refused, stored } from '../commands/shop.ts';
import { calm, collect, keptLog } from '../store/scripted.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { runCommand } from '../support/run-command.ts';

/** A store in a folder, and a file beside it that is none of its own. */
function opened() {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'store/db'), { recursive: true });
  writeFileSync(join(folder, 'secret'), 'not of the store');
  const store = openStore({ kind: 'directory', path: join(folder, 'store') }, keptLog().log);
  return { folder, store };
}

function noFile(error: unknown): boolean {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, 'store');
  assert.match(error.message, /could not read file:.*: it is a link, a pipe or the like, and no file/);
  return true;
}

test('a link in a store leads nowhere: it is not listed, not looked up and not read', async () => {
  const { folder, store } = opened();
  symlinkSync(join(folder, 'secret'), join(folder, 'store/db/last-failure.json'));
  assert.equal(await store.head('db/last-failure.json', calm()), undefined);
  await assert.rejects(collect(store.get('db/last-failure.json', calm())), noFile);
  assert.deepEqual(await listed(store.list('', calm())), []);
});

test('removing a link removes the link, and a linked folder is not gone into', async () => {
  const { folder, store } = opened();
  symlinkSync(join(folder, 'secret'), join(folder, 'store/db/a'));
  mkdirSync(join(folder, 'elsewhere'));
  writeFileSync(join(folder, 'elsewhere/.x.0123.partial'), '');
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'store/linked'));
  await store.remove('db/a', calm());
  assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), 'not of the store');
  assert.equal(await store.sweepUnfinished('', new Date(Date.now() + 1e6), calm()), 0);
  assert.ok(existsSync(join(folder, 'elsewhere/.x.0123.partial')));
});

test('a pipe in a store keeps nobody waiting', async () => {
  const { folder, store } = opened();
  await runCommand('mkfifo', [join(folder, 'store/db/a')]);
  await assert.rejects(collect(store.get('db/a', calm())), noFile);
  assert.equal(await store.head('db/a', calm()), undefined);
});

test('a backup whose manifest or dump is a link is not restored', async () => {
  const folder = temporaryFolder();
  const { artifact } = custom();
  renameSync(artifact, join(folder, 'dump'));
  symlinkSync(join(folder, 'dump'), artifact);
  await refused(['restore', custom().id], {}, 76, /is missing, but the manifest records it/);
  rmSync(artifact);
  renameSync(join(folder, 'dump'), artifact);
  const manifest = join(custom().folder, 'manifest.json');
  renameSync(manifest, join(folder, 'manifest'));
  symlinkSync(join(folder, 'manifest'), manifest);
  await refused(['restore', custom().id], {}, 64, /holds no complete backup for/);
});

test('what names of databases and manifests say cannot look like lines of ours, nor move the cursor', async () => {
  const odd = '%1B%5B2J%0Aok%20payments%3A%20newest%20backup%201m%20old%0D%E2%80%AE';
  const from = custom().folder;
  for (const what of [odd, `${odd}x`]) {
    const folder = join(stored.place, what, custom().id);
    mkdirSync(folder, { recursive: true });
    for (const file of ['manifest.json', custom().manifest.artifacts[0]!.key]) {
      writeFileSync(join(folder, file), what === odd ? readFileSync(join(from, file)) : '{"\u001b[1A');
    }
  }
  writeFileSync(join(stored.place, 'foreign\u001b[2J\nok all'), '');
  for (const args of [
    ['list', '--all'],
    ['check', '--max-age', '1d'],
    ['verify'],
    ['prune', '--dry-run'],
    ['list', '--database', 'no'],
  ]) {
    const run = await stored.run(args, { KEEP_LAST: '1' });
    assert.match(run.stdout + run.stderr, /payments/, args.join(' '));
    assert.doesNotMatch(run.stdout + run.stderr, /(?!\n)[\p{Cc}\u202a-\u202e]/u, args.join(' '));
    assert.doesNotMatch(run.stdout + run.stderr, /^ok (payments|all)/m, args.join(' '));
  }
});

test('a manifest of values without number costs no memory', () => {
  const whole = serializeManifest(sampleManifest());
  for (const fill of ['[],', '{},', '1,', '"a",', '"\\"[[",']) {
    const junk = `[${fill.repeat(10_000_000 / fill.length)}1]`;
    const text = whole.replace(/^\{/, `{"junk":${junk},`);
    const before = process.memoryUsage.rss();
    const isText = fill.includes('[[');
    if (isText) assert.equal(parseManifest(text, 'm').id, sampleManifest().id);
    else if (fill !== '"a",')
      assert.throws(() => parseManifest(text, 'm'), {
        kind: 'verification',
        message: 'm holds more values than any record',
      });
    assert.ok(process.memoryUsage.rss() - before < 400e6);
  }
});

test('names that mean something to JavaScript change nothing', () => {
  const whole = serializeManifest(sampleManifest());
  for (const put of ['"__proto__":{"polluted":1},', '"constructor":{"prototype":{"polluted":1}},']) {
    for (const place of [/^\{/, /"objects": \{/, /"contents": \{/, /"tool": \{/]) {
      try {
        const read = parseManifest(
          whole.replace(place, (found) => found + put),
          'm',
        );
        assert.equal(Object.getPrototypeOf(read.contents), Object.prototype);
      } catch (error) {
        assert.ok(error instanceof Failure, String(error));
      }
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    }
  }
});

async function listed(objects: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of objects) found.push(object);
  return found;
}
