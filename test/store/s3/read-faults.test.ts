import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Failure, type FailureKind } from '../../../src/errors.ts';
import { calm, collect, mebibyte, scripted, someBytes, streamOf } from '../scripted.ts';

function failure(kind: FailureKind, told: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}\n${error.hint}`, told);
    return true;
  };
}

describe('a read in trouble', () => {
  /** Reads an object whose connection is cut twice. */
  async function readCutTwice(t: TestContext, bytes: number, afterBytes: number): Promise<void> {
    const { store, server } = await scripted(t);
    const data = someBytes(bytes);
    server.put('pg/a', data);
    server.fault({ operation: 'GetObject', times: 2, action: { kind: 'cut-body', afterBytes } });
    assert.ok((await collect(store.get('a', calm()))).equals(data));
    const ranges = server.calls.map(({ headers }) => headers['range']);
    assert.equal(ranges.length, 3);
    assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
    const froms = ranges.map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0));
    assert.deepEqual(
      froms,
      froms.toSorted((a, b) => a - b),
    );
    assert.ok(server.calls.slice(1).every(({ headers }) => headers['if-match'] !== undefined));
  }

  it('fault 45: is taken up where the connection broke', (t) => readCutTwice(t, 2 * mebibyte, 700_000));

  it('fault 45: is taken up where the connection of a large object broke', (t) =>
    readCutTwice(t, 9 * mebibyte, 3_700_000));

  it('fault 45: is given up when not one byte comes any more', async (t) => {
    const { store, server } = await scripted(t);
    server.put('pg/a', 'abc');
    server.fault({ operation: 'GetObject', action: { kind: 'cut-body', afterBytes: 0 } });
    const told = /could not read s3:\/\/backups\/pg\/a: the connection was cut after \d+ attempts/;
    await assert.rejects(collect(store.get('a', calm())), failure('store', told));
  });

  it('fault 45: does not go on where the store ignores ranges', async (t) => {
    const { store, server } = await scripted(t);
    server.put('pg/a', someBytes(mebibyte));
    server.fault({ operation: 'GetObject', times: 1, action: { kind: 'cut-body', afterBytes: 500_000 } });
    server.fault({
      operation: 'GetObject',
      action: { kind: 'answer', status: 200, body: 'all of it, from the start' },
    });
    const told = /could not read s3:\/\/backups\/pg\/a on after a broken connection: the store ignores ranges/;
    await assert.rejects(collect(store.get('a', calm())), failure('store', told));
  });

  it('fault 45: does not go on with an object that was replaced meanwhile', async (t) => {
    const { store, server } = await scripted(t);
    server.put('pg/a', someBytes(mebibyte));
    server.fault({ operation: 'GetObject', times: 1, action: { kind: 'cut-body', afterBytes: 500_000 } });
    const when = (): boolean => {
      server.put('pg/a', someBytes(mebibyte));
      return true;
    };
    server.fault({ operation: 'GetObject', from: 2, when, action: { kind: 'delay', ms: 0 } });
    await assert.rejects(collect(store.get('a', calm())), failure('store', /412 PreconditionFailed/));
  });

  it('fault 45: a silent server is left and asked again', async (t) => {
    const { store, server } = await scripted(t);
    server.put('pg/a', 'abc');
    server.fault({ operation: 'GetObject', times: 1, action: { kind: 'hang' } });
    assert.equal((await collect(store.get('a', calm()))).toString(), 'abc');
  });

  it('fault 46: a wrong checksum of the whole object is a failed verification', async (t) => {
    const { store, server } = await scripted(t, { checksums: 'supported' });
    server.put('pg/a', 'abc');
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'FULL_OBJECT' };
    server.fault({ operation: 'GetObject', action: { kind: 'headers', headers } });
    await assert.rejects(collect(store.get('a', calm())), failure('verification', /s3:\/\/backups\/pg\/a.*checksum/));
  });

  it('fault 46: a composite checksum is not passed off as one of the object', async (t) => {
    const { store, server } = await scripted(t, { checksums: 'supported' });
    server.put('pg/a', 'abc');
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==-3', 'x-amz-checksum-type': 'COMPOSITE' };
    server.fault({ operation: 'HeadObject', action: { kind: 'headers', headers } });
    assert.equal((await store.head('a', calm()))?.crc32, undefined);
  });

  it('gives the checksum of the whole object that the store has computed over the parts', async (t) => {
    const { store, server } = await scripted(t, { checksums: 'supported' });
    const data = someBytes(11 * mebibyte);
    await store.putStream('a', streamOf(data), { runId: 'run-1', expectedBytes: data.length, signal: calm() });
    const head = await store.head('a', calm());
    assert.equal(head?.crc32, server.objects().get('pg/a')?.crc32);
    assert.equal(head?.runId, 'run-1');
  });

  it('asks for no checksum where only the required ones are wanted', async (t) => {
    const { store, server } = await scripted(t);
    const data = someBytes(6 * mebibyte);
    await store.putStream('a', streamOf(data), { runId: 'run-1', expectedBytes: data.length, signal: calm() });
    assert.equal((await store.head('a', calm()))?.crc32, undefined);
    const sent = server.calls
      .flatMap(({ headers }) => Object.keys(headers))
      .filter((name) => name.includes('checksum'));
    assert.deepEqual(sent, []);
  });

  it('fault 47: a forbidden look-up is not taken for an answer', async (t) => {
    const { store, server } = await scripted(t);
    server.fault({ operation: 'HeadObject', action: { kind: 'answer', status: 403 } });
    await assert.rejects(store.head('a', calm()), failure('denied', /server answered 403\n.*s3:ListBucket/));
  });

  it('fault 48: an object that shows late is found', async (t) => {
    const { store, server } = await scripted(t);
    server.put('pg/a', 'abc');
    server.fault({ operation: 'HeadObject', times: 1, action: { kind: 'answer', status: 404, code: 'NotFound' } });
    assert.equal((await store.head('a', calm()))?.bytes, 3);
  });

  it('fault 48: a missing bucket is not taken for a missing object', async (t) => {
    const { store } = await scripted(t, { bucket: 'none' });
    await assert.rejects(collect(store.get('a', calm())), failure('config', /NoSuchBucket/));
  });

  it('fault 78: an archived object says that it must be restored first', async (t) => {
    const { store, server } = await scripted(t);
    server.fault({ operation: 'GetObject', action: { kind: 'answer', status: 403, code: 'InvalidObjectState' } });
    await assert.rejects(collect(store.get('a', calm())), failure('store', /InvalidObjectState.*\n.*archive/));
  });
});

describe('a listing', () => {
  it('goes through all pages and leaves out what is not below the prefix', async (t) => {
    const { store, server } = await scripted(t);
    const names = Array.from({ length: 2345 }, (_, index) => `db/${String(index).padStart(5, '0')}`);
    for (const name of names) server.put(`pg/${name}`, name);
    server.put('pgother/db/1', 'not ours');
    server.put('pg/', 'a folder as some consoles make them');
    const found: string[] = [];
    for await (const object of store.list('', calm())) found.push(object.key);
    assert.deepEqual(found, names);
    assert.equal(server.calls.length, 3);
  });
});

describe('sweeping', () => {
  it('fault 39: ends what a killed run of this prefix has left, and nothing younger or foreign', async (t) => {
    const { store, server } = await scripted(t);
    const begin = async (key: string): Promise<void> => {
      const headers = { authorization: 'Credential=ak/x' };
      await fetch(`${server.url}/backups/${key}?uploads`, { method: 'POST', headers });
    };
    for (const key of ['pg/db/old', 'pg/db2/other-database', 'pgother/db/foreign']) await begin(key);
    assert.equal(await store.sweepUnfinished('db/', new Date(Date.now() - 60_000), calm()), 0);
    assert.equal(await store.sweepUnfinished('db/', new Date(Date.now() + 60_000), calm()), 1);
    const left = server.openUploads.map(({ key }) => key);
    assert.deepEqual(left.sort(), ['pg/db2/other-database', 'pgother/db/foreign']);
  });

  for (const status of [403, 501]) {
    it(`is no error where the store answers ${status}`, async (t) => {
      const run = await scripted(t);
      const { store, server } = run;
      server.fault({ operation: 'ListMultipartUploads', action: { kind: 'answer', status, code: 'NotImplemented' } });
      assert.equal(await store.sweepUnfinished('db/', new Date(), calm()), 0);
      assert.deepEqual(run.warnings(), []);
    });
  }
});
