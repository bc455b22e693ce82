import assert from 'node:assert/strict';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect } from '../../src/postgres/connect.ts';
import { useScene } from '../backup/scene.ts';
import { connectionTo } from '../postgres/settings.ts';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { freePort } from '../support/ports.ts';
import { never } from '../support/shell-stage.ts';
import { until } from '../support/until.ts';
import { rowsUnder } from './text.ts';

/*
 * The table of what a failure looks like: each row is provoked in every way that it names.
 */
const scene = useScene();
const rows = new Map(rowsUnder('you see', 'it means').map(([seen = '', meaning = '']) => [seen, meaning]));
const covered: string[] = [];

/** The tests of one row, with its exit code. */
function row(code: number, tests: (seen: string, meaning: string) => void): void {
  const [seen, meaning = ''] = [...rows].find(([cell]) => Number.parseInt(cell) === code) ?? [];
  assert.ok(seen !== undefined, `README.md has no row for ${code}`);
  covered.push(seen);
  describe(`${seen}: ${meaning}`, () => tests(seen, meaning));
}

const fails = async (exitCode: number, error: RegExp, changes: Record<string, string>): Promise<void> => {
  await scene.fails(changes, { exitCode, error });
};

row(65, (seen) => {
  const words = [...seen.matchAll(/`(.+?)`/g)].map((match) => new RegExp(match[1] ?? ''));
  /** Another session that holds a table for itself. */
  const lockedTable = async (): Promise<AsyncDisposable> => {
    const other = await connect(connectionTo(scene.postgres, { database: 'shop' }), never);
    await other.query('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
    return { [Symbol.asyncDispose]: () => other.end() };
  };
  test('a table is locked before the dump', async () => {
    await using _lock = await lockedTable();
    const run = await scene.start({ LOCK_WAIT_TIMEOUT: '1s' }).ended;
    assert.equal(run.exitCode, 65, run.stderr);
    assert.match(run.stderr, words[0]!);
  });
  test('a table is locked when pg_dump comes to it', async () => {
    const folder = temporaryFolder();
    const wait = `cd ${folder}; touch begun; until [ -e locked ]; do sleep 0.05; done`;
    const slow = fakePgDump(`${wait}; exec ${scene.postgres.binDir}/pg_dump "$@"`, scene.postgres.major);
    const run = scene.start({ LOCK_WAIT_TIMEOUT: '1s', ...slow });
    await until('pg_dump has begun', async () => existsSync(join(folder, 'begun')));
    await using _lock = await lockedTable();
    writeFileSync(join(folder, 'locked'), '');
    const { exitCode, stderr } = await run.ended;
    assert.equal(exitCode, 65, stderr);
    assert.match(stderr, words[1]!);
  });
});

row(69, () => {
  const login = { password: 'wrong' };
  test('the host', () =>
    fails(69, /the host name nosuch\.invalid cannot be found/, {
      DATABASE_URL: 'postgresql://backup:secret@nosuch.invalid/shop',
    }));
  test('the password', () =>
    fails(69, /login refused for user postgres/, {
      DATABASE_URL: scene.postgres.url('shop', { user: 'postgres', ...login }),
    }));
  test('the name', () => fails(69, /database nosuch does not exist/, { DATABASE_URL: scene.postgres.url('nosuch') }));
});

row(74, () => {
  test('the store does not answer', async () =>
    fails(74, /after \d+ attempts over \d/, {
      S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      S3_RETRY_FOR: '1s',
    }));
  test('the store goes on failing', async () => {
    scene.server.fault({
      operation: 'UploadPart',
      times: Infinity,
      action: { kind: 'answer', status: 503, code: 'SlowDown' },
    });
    scene.server.fault({
      operation: 'PutObject',
      times: Infinity,
      action: { kind: 'answer', status: 503, code: 'SlowDown' },
    });
    await fails(74, /503 SlowDown after \d+ attempts over \d/, { S3_RETRY_FOR: '1s' });
  });
});

row(75, () => {
  test('another run holds the lock', async () => {
    const first = scene.start({ ...fakePgDump('sleep 60') });
    const locks = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted`;
    await until('the first run has its lock', async () => (await scene.postgres.psql(locks)) === '1');
    const second = await scene.start().ended;
    first.signal('SIGTERM');
    assert.equal((await first.ended).exitCode, 143);
    assert.equal(second.exitCode, 75, second.stderr);
    assert.match(second.stderr, /another run is backing up shop/);
  });
});

row(77, () => {
  test('the key', () => fails(77, /403 InvalidAccessKeyId/, { S3_ACCESS_KEY_ID: 'other' }));
  test('a permission, which the hint names', async () => {
    scene.server.fault({
      operation: 'CreateMultipartUpload',
      times: Infinity,
      action: { kind: 'answer', status: 403, code: 'AccessDenied' },
    });
    await scene.fails({}, { exitCode: 77, error: /403 AccessDenied/, hint: /s3:PutObject/ });
  });
});

row(78, () => {
  test('a variable', () => fails(78, /COMPRESSION="brotli" is not one of/, { COMPRESSION: 'brotli' }));
  test('the bucket', () => fails(78, /404 NoSuchBucket/, { BACKUP_DESTINATION: 's3://nosuch/nightly' }));
  test('the client', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, '9'));
    symlinkSync(scene.postgres.binDir, join(folder, '9/bin'));
    await fails(78, /newer than every client here \(9\)/, { PG_CLIENTS_DIR: folder });
  });
  test('the pooler', () =>
    fails(78, /a transaction pooler: .*-pooler\.example\.com/, {
      DATABASE_URL: 'postgresql://backup:secret@shop-pooler.example.com/shop',
    }));
});

test('the table has no other row', () => {
  assert.deepEqual(covered, [...rows.keys()]);
});
