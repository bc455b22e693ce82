import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../src/errors.ts';
import type { PutStreamOptions, Store } from '../../src/store/store.ts';
import { calm, collect, mebibyte, someBytes, streamOf } from './scripted.ts';

const runId = 'run-1';
const contentType = 'application/json';

/** What the suite needs of a store under test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Every key that is really there, partial files and all, read behind the store's back. */
  readonly allKeys: () => Promise<string[]>;
  /** How many uploads are open, read behind the store's back. */
  readonly openUploads: () => Promise<number>;
}

/** The promises of `Store`, for every kind of store. `open` gives an empty store to each test. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const streaming = (changes: Partial<PutStreamOptions> = {}): PutStreamOptions => ({
    runId,
    expectedBytes: 20 * mebibyte,
    signal: calm(),
    ...changes,
  });

  describe(`${name} keeps the promises of a store`, () => {
    const part = 5 * mebibyte;
    for (const length of [0, 1, 70_000, mebibyte, part - 1, part, part + 1, 3 * part, 3 * part + 1]) {
      it(`gives back a stream of ${length} bytes as it was`, async () => {
        const { store } = await open();
        const data = someBytes(length);
        let stored = 0;
        await store.putStream('db/one.dump', streamOf(data), streaming({ onStored: (bytes) => (stored = bytes) }));
        assert.equal(stored, length);
        assert.equal((await store.head('db/one.dump', calm()))?.bytes, length);
        assert.ok((await collect(store.get('db/one.dump', calm()))).equals(data));
      });
    }

    it('stores a small object and describes it', async () => {
      const { store } = await open();
      const before = Date.now();
      await store.putSmall('db/manifest.json', '{"ü":1}', { runId, contentType, signal: calm() });
      const head = await store.head('db/manifest.json', calm());
      assert.equal(head?.bytes, 8);
      assert.ok(Math.abs(head.lastModified.getTime() - before) < 5000);
      assert.equal((await collect(store.get('db/manifest.json', calm()))).toString(), '{"ü":1}');
    });

    it('never overwrites an object of another run', async () => {
      const { store } = await open();
      await store.putSmall('db/manifest.json', 'first', { runId, contentType, signal: calm() });
      const second = store.putSmall('db/manifest.json', 'second', { runId: 'run-2', contentType, signal: calm() });
      await assert.rejects(second, (error) => error instanceof Failure && error.message.includes('already exists'));
      assert.equal((await collect(store.get('db/manifest.json', calm()))).toString(), 'first');
    });

    it('replaces an object where that is asked for', async () => {
      const { store, allKeys } = await open();
      for (const text of ['first', 'second, which is longer', 'third']) {
        await store.putSmall('report.html', text, { runId: text, contentType, signal: calm(), replace: true });
        assert.equal((await collect(store.get('report.html', calm()))).toString(), text);
      }
      assert.deepEqual(await allKeys(), ['report.html']);
    });

    it('finds nothing under a key that was never written', async () => {
      const { store } = await open();
      assert.equal(await store.head('db/none', calm()), undefined);
      await assert.rejects(collect(store.get('db/none', calm())), Failure);
      await store.remove('db/none', calm());
    });

    it('proves that it can be written to and leaves nothing', async () => {
      const { store, allKeys, openUploads } = await open();
      await store.checkWritable('db/backup/x.dump', calm());
      assert.deepEqual(await allKeys(), []);
      assert.equal(await openUploads(), 0);
    });

    for (const length of [0, 1000, 12 * mebibyte]) {
      it(`throws the error of a stream that breaks after ${length} bytes, and keeps nothing`, async () => {
        const { store, allKeys, openUploads } = await open();
        const broken = new Failure('dump', 'pg_dump ended with code 1');
        async function* body(): AsyncGenerator<Buffer> {
          yield* streamOf(someBytes(length));
          throw broken;
        }
        await assert.rejects(store.putStream('db/one.dump', body(), streaming()), (error) => error === broken);
        assert.deepEqual(await allKeys(), []);
        assert.equal(await openUploads(), 0);
      });

      it(`ends at once when aborted while the source is silent after ${length} bytes, and keeps nothing`, async () => {
        const { store, allKeys, openUploads } = await open();
        const abort = new AbortController();
        const deadline = new Failure('deadline', 'the deadline was reached');
        async function* body(): AsyncGenerator<Buffer> {
          yield* streamOf(someBytes(length));
          setTimeout(() => abort.abort(deadline), 50);
          await new Promise(() => undefined);
        }
        const put = store.putStream('db/one.dump', body(), streaming({ signal: abort.signal }));
        await assert.rejects(put, (error) => error === deadline);
        assert.deepEqual(await allKeys(), []);
        assert.equal(await openUploads(), 0);
      });
    }

    it('does nothing once its signal is aborted', async () => {
      const { store, allKeys } = await open();
      const reason = new Failure('sigterm', 'interrupted');
      const signal = AbortSignal.abort(reason);
      const isReason = (error: unknown): boolean => error === reason;
      await assert.rejects(store.checkWritable('a', signal), isReason);
      await assert.rejects(store.putStream('a', streamOf(someBytes(10)), streaming({ signal })), isReason);
      await assert.rejects(store.putSmall('a', 'a', { runId, contentType, signal }), isReason);
      await assert.rejects(store.head('a', signal), isReason);
      await assert.rejects(collect(store.get('a', signal)), isReason);
      await assert.rejects(store.remove('a', signal), isReason);
      assert.deepEqual(await allKeys(), []);
    });

    it('ends with the reason when aborted at any moment of reading, and with nothing else', async () => {
      const { store } = await open();
      await store.putSmall('a', 'a'.repeat(1000), { runId, contentType, signal: calm() });
      for (let ticks = 0; ticks < 40; ticks++) {
        const abort = new AbortController();
        const reason = new Failure('sigterm', 'interrupted');
        const reading = collect(store.get('a', abort.signal)).then(
          () => undefined,
          (error: unknown) => error,
        );
        for (let passed = 0; passed < ticks; passed++) await new Promise((resolve) => setImmediate(resolve));
        abort.abort(reason);
        const ended = await reading;
        assert.ok(ended === undefined || ended === reason, String(ended));
      }
    });

    it('lists what starts with a prefix, in key order, however odd the names', async () => {
      const { store } = await open();
      const keys = ['db/a/1', 'db/a b/ü&<>"\'%41', 'db/a/+', 'db/Z', 'db2/x', 'other/y', 'db/a.x', 'db/é😀/∑'];
      for (const key of keys) await store.putSmall(key, key, { runId, contentType, signal: calm() });
      const listed = async (prefix: string, after?: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const object of store.list(prefix, calm(), after)) found.push(object.key);
        return found;
      };
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(await listed(''), sorted);
      assert.deepEqual(
        await listed('db/'),
        sorted.filter((key) => key.startsWith('db/')),
      );
      assert.deepEqual(
        await listed('db/a'),
        sorted.filter((key) => key.startsWith('db/a')),
      );
      assert.deepEqual(await listed('none/'), []);
      for (const after of ['db/a', 'db/a/', 'db/a/1', 'db/b', 'db2/x', 'db/~']) {
        assert.deepEqual(
          await listed('', after),
          sorted.filter((key) => key > after),
          after,
        );
        assert.deepEqual(
          await listed('db/', after),
          sorted.filter((key) => key.startsWith('db/') && key > after),
          after,
        );
      }
      const folders: string[] = [];
      for await (const folder of store.folders(calm())) folders.push(folder);
      assert.deepEqual(folders, ['db', 'db2', 'other']);
      for (const key of keys) assert.equal((await collect(store.get(key, calm()))).toString(), key);
    });

    it('removes one object and leaves the others', async () => {
      const { store, allKeys } = await open();
      for (const key of ['db/x/1', 'db/y/1']) await store.putSmall(key, key, { runId, contentType, signal: calm() });
      await store.remove('db/x/1', calm());
      assert.deepEqual(await allKeys(), ['db/y/1']);
    });

    it('sweeps nothing where nothing is unfinished', async () => {
      const { store, allKeys } = await open();
      await store.putSmall('db/x/1', 'x', { runId, contentType, signal: calm() });
      assert.equal(await store.sweepUnfinished('db/', new Date(Date.now() + 60_000), calm()), 0);
      assert.deepEqual(await allKeys(), ['db/x/1']);
    });
  });
}
