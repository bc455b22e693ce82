import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { folderPrefix } from '../../src/postgres/left-servers.ts';
import { startScratchServer } from '../../src/postgres/scratch-server.ts';
import { holdScratch } from '../drill/held.ts';
import { ask, noLog, noSignal, serversDir } from '../drill/scene.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { allProcesses, processesShowing } from '../support/processes.ts';
import { unprivileged } from '../support/unprivileged.ts';

const request = { serversDir, atLeast: 15, databaseBytes: 1_000_000, log: noLog, signal: noSignal };

async function untilGone(folder: string): Promise<void> {
  for (let left = 200; left > 0 && processesShowing(folder).length > 0; left -= 1) await sleep(50);
  assert.deepEqual(processesShowing(folder), []);
}

describe('a server of our own', () => {
  test('is reached through its socket with a password only, and leaves nothing', async () => {
    let folder: string;
    {
      await using server = await startScratchServer(request);
      const { superuser } = server;
      folder = dirname(superuser.host);
      assert.deepEqual(await ask(superuser, 'SHOW listen_addresses'), [['']]);
      assert.deepEqual(await ask(superuser, 'SHOW fsync'), [['off']]);
      for (const wrong of [
        { ...superuser, password: undefined },
        { ...superuser, password: server.owner.password },
        { ...superuser, user: 'postgres' },
        { ...server.owner, database: 'postgres', password: superuser.password },
      ]) {
        await assert.rejects(ask(wrong, 'SELECT 1'), { kind: 'database' });
      }
      assert.equal(server.died(), undefined);
      const password = superuser.password?.reveal() ?? '';
      assert(password.length >= 20);
      assert.deepEqual(processesShowing(password), []);
      assert.deepEqual(readdirSync(folder).sort(), ['data', 'owner.json', 's', 'server.log']);
      assert.equal(statSync(join(folder, 'data')).mode & 0o777, 0o700);
      assert.equal(statSync(superuser.host).mode & 0o777, 0o700);
    }
    assert(!existsSync(folder));
    assert.deepEqual(processesShowing(folder), []);
  });

  test('has nothing of our environment in its own', async () => {
    process.env['A_SECRET_OF_OURS'] = 'canary5f3a';
    try {
      await using server = await startScratchServer(request);
      const data = join(dirname(server.superuser.host), 'data');
      const [postmaster] = allProcesses().filter(({ argv }) => argv[0]?.endsWith('/postgres') && argv.includes(data));
      assert(postmaster);
      assert.deepEqual(
        postmaster.environment.map((entry) => entry.split('=')[0]).sort(),
        [
          'LC_ALL',
          'PATH',
          'TZ',
          // What the server itself tells its children.
          ...postmaster.environment.filter((entry) => entry.startsWith('PG')).map((entry) => entry.split('=')[0]),
        ].sort(),
      );
    } finally {
      delete process.env['A_SECRET_OF_OURS'];
    }
  });

  for (const [says, told] of [
    ['echo "initdb: error: no space" >&2; exit 1', 'initdb: error: no space'],
    ['exit 1', 'it said nothing'],
  ] as const) {
    test(`that cannot be made is told with the words of initdb: ${told}`, async () => {
      // Readable by the user whom a test that runs as root hands the server to.
      const programs = temporaryFolder();
      const bin = join(programs, '99', 'bin');
      mkdirSync(bin, { recursive: true });
      for (const folder of [programs, dirname(bin), bin]) chmodSync(folder, 0o755);
      for (const name of ['initdb', 'postgres'])
        writeFileSync(join(bin, name), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
      await assert.rejects(startScratchServer({ ...request, serversDir: programs }), {
        kind: 'dump',
        message: `could not run: initdb failed: ${told}`,
      });
    });
  }

  test('tells its last words when it has ended by itself', async () => {
    await using server = await startScratchServer(request);
    const folder = dirname(server.superuser.host);
    process.kill(Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]), 'SIGINT');
    for (let left = 200; left > 0 && server.died() === undefined; left -= 1) await sleep(50);
    const failure = server.died();
    assert.equal(failure?.kind, 'dump');
    assert.match(failure.message, /^could not run: the scratch server ended by itself: .*shut down/);
  });

  for (const afterMs of [0, 30, 300, 900]) {
    test(`an abort ${afterMs} ms after its start leaves nothing`, async (t) => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o711);
      const usual = process.env['TMPDIR'];
      process.env['TMPDIR'] = folder;
      t.after(() => {
        if (usual === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = usual;
      });
      const reason = new Failure('sigterm', 'interrupted');
      const stop = new AbortController();
      setTimeout(() => {
        stop.abort(reason);
      }, afterMs);
      const ended = startScratchServer({ ...request, signal: stop.signal }).then(async (server) => {
        await server[Symbol.asyncDispose]();
        throw reason;
      });
      await assert.rejects(ended, reason);
      assert.deepEqual(readdirSync(folder), []);
      assert.deepEqual(processesShowing(folder), []);
    });
  }

  test('is the newest that is installed, and never older than the one that was dumped', async () => {
    await assert.rejects(startScratchServer({ ...request, atLeast: 99 }), {
      kind: 'dump',
      message: /^could not run: the backup is of PostgreSQL 99, the newest server here is \d+$/,
      hint: /DRILL_DATABASE_URL/,
    });
    await assert.rejects(startScratchServer({ ...request, serversDir: temporaryFolder() }), {
      message: /^could not run: no PostgreSQL server programs in /,
    });
  });

  test('wants room for the database, and says how much', async () => {
    await assert.rejects(startScratchServer({ ...request, databaseBytes: 5e15 }), {
      kind: 'dump',
      message: /^could not run: \S+ has [\d.]+ .B of room, and a server with this database needs 6 PB$/,
      hint: /TMPDIR/,
    });
  });

  test('puts its socket elsewhere where the path of TMPDIR is too long for one', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o711);
    const deep = join(folder, 'x'.repeat(60), 'y'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const held = await holdScratch({ env: { TMPDIR: deep } });
    const [made = ''] = readdirSync(deep);
    assert(made.startsWith(folderPrefix));
    assert(!held.target.host.startsWith(deep));
    await held.end('SIGTERM');
    assert.deepEqual(readdirSync(deep), []);
    assert(!existsSync(dirname(held.target.host)));
  });

  test('runs as whoever we are, where that is not root', async () => {
    const user = await unprivileged();
    const folder = temporaryFolder();
    user.own(folder);
    const held = await holdScratch({
      env: { TMPDIR: folder },
      command: (program, args) => user.command(program, args),
    });
    assert.equal(statSync(dirname(held.target.host)).mode & 0o777, 0o700);
    await held.end('SIGTERM');
    assert.deepEqual(readdirSync(folder), []);
    await untilGone(folder);

    const killed = await holdScratch({
      env: { TMPDIR: folder },
      command: (program, args) => user.command(program, args),
    });
    assert(processesShowing(folder).length > 0);
    await killed.end('SIGKILL');
    await untilGone(folder);
  });
});
