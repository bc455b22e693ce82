import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { findClient } from '../../src/postgres/clients.ts';
import { readToc } from '../../src/restore/toc.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { never } from '../support/shell-stage.ts';

const known = { schemas: ['public'], roles: [] };
let server: TestPostgres;
let client: Awaited<ReturnType<typeof findClient>>;
/** Of a database with so many tables that its table of contents is larger than what is read at first. */
let dump: Buffer;

before(async () => {
  server = await startPostgres();
  client = await findClient('/usr/lib/postgresql', server.major);
  await server.createDatabase('wide');
  await server.psql(
    `DO $$ BEGIN FOR i IN 1..400 LOOP
       EXECUTE format('CREATE TABLE t%s (i int PRIMARY KEY); COMMENT ON TABLE t%s IS %L', i, i, repeat('words ', 100));
     END LOOP; END $$; CREATE TABLE rows AS SELECT repeat(i::text, 100) FROM generate_series(1, 10000) i`,
    'wide',
  );
  const file = join(temporaryFolder(), 'dump');
  await runCommand(join(server.binDir, 'pg_dump'), ['-Fc', '-Z0', '-f', file], {
    env: { ...server.env, PGDATABASE: 'wide' },
  });
  dump = readFileSync(file);
});
after(() => server.stop('immediate'));

/** The bytes in pieces, and how many were asked for. */
function pieces(
  bytes: Buffer,
  size = 64 * 1024,
): { source: AsyncGenerator<Buffer, void, undefined>; read: () => number } {
  let at = 0;
  const source = (async function* () {
    while (at < bytes.length) {
      at += size;
      yield await Promise.resolve(bytes.subarray(at - size, at));
    }
  })();
  return { source, read: () => at };
}

test('only as much is read as pg_restore needs, into a private file that is gone afterwards', async () => {
  const { source, read } = pieces(dump);
  let file: string;
  {
    await using toc = await readToc(source, client, known, never);
    ({ file } = toc);
    assert.ok(read() > 256 * 1024 && read() < dump.length, String(read()));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(toc.entries.filter(({ kind }) => kind === 'TABLE').length, 401);
    assert.deepEqual(
      toc.entries.filter(({ name, kind }) => kind === 'TABLE DATA' && name === 'rows').map(({ schema }) => schema),
      ['public'],
    );
    const entry = toc.entries.find(({ name }) => name === 't7')!;
    const list = readFileSync(await toc.writeList([{ entry, reason: '' }]), 'utf8');
    assert.match(list, new RegExp(`^;${entry.line}$`, 'm'));
    assert.equal(list.split('\n').filter((line) => line.startsWith(';')).length, 1);
  }
  assert.equal(existsSync(file), false);
});

test('what comes after the rows can be made from the file alone', async () => {
  await using toc = await readToc(pieces(dump).source, client, known, never);
  const post = (file: string): Promise<string> =>
    runCommand(join(server.binDir, 'pg_restore'), ['--section=post-data', '-f', '-', file]);
  const whole = join(temporaryFolder(), 'whole');
  writeFileSync(whole, dump);
  const lines = (text: string): string[] => text.split('\n').filter((line) => !/^\\(un)?restrict /.test(line));
  assert.deepEqual(lines(await post(toc.file)), lines(await post(whole)));
});

describe('no table of contents', () => {
  for (const [what, bytes, told] of [
    [
      'a dump that is cut within it',
      () => dump.subarray(0, 200_000),
      /its table of contents cannot be read: .*end of file/,
    ],
    ['something else', () => Buffer.alloc(300_000, 'x'), /valid archive/],
    ['nothing', () => Buffer.alloc(0), /cannot be read/],
  ] as const) {
    test(`is ${what}`, async () => {
      await assert.rejects(readToc(pieces(bytes()).source, client, known, never), (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.kind, 'verification');
        assert.match(error.message, told);
        return true;
      });
    });
  }

  test('is one of a newer version, which is told as such', async () => {
    const newer = Buffer.from(dump);
    newer[6] = 99;
    await assert.rejects(readToc(pieces(newer).source, client, known, never), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.kind, 'dump');
      assert.match(error.hint ?? '', /newer pg_dump/);
      return true;
    });
  });
});

describe('the dump that is loaded must begin as the file does', () => {
  async function load(bytes: Buffer, size: number): Promise<number> {
    await using toc = await readToc(pieces(dump).source, client, known, never);
    let read = 0;
    for await (const chunk of toc.compared(pieces(bytes, size).source)) read += chunk.length;
    return read;
  }
  for (const size of [1000, 65_536, 10_000_000]) {
    test(`in pieces of ${String(size)}`, async () => {
      assert.equal(await load(dump, size), dump.length);
      const changed = Buffer.from(dump);
      changed[100_000]! ^= 1;
      await assert.rejects(load(changed, size), /not the one whose table of contents was read/);
      await assert.rejects(load(dump.subarray(0, 5000), size), /not the one whose table of contents was read/);
    });
  }
});

test('a table of contents that is larger than any is refused before it fills the folder', async () => {
  const { source, read } = pieces(dump);
  await assert.rejects(readToc(source, client, known, never, 64 * 1024), {
    kind: 'verification',
    message: 'its table of contents is larger than 64 KiB',
  });
  assert.ok(read() <= 512 * 1024, String(read()));
});
