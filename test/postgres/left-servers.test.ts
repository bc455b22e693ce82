import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { whoWeAre } from '../../src/pipeline/own-process.ts';
import { folderPrefix, removeLeftFolders } from '../../src/postgres/left-servers.ts';
import { holdScratch } from '../drill/held.ts';
import { noLog } from '../drill/scene.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { processesShowing } from '../support/processes.ts';

const longAgo = new Date(Date.now() - 6 * 60_000);

function makeLeft(parent: string, owner: unknown, silent: boolean): string {
  const folder = mkdtempSync(join(parent, folderPrefix));
  mkdirSync(join(folder, 'data'));
  const file = join(folder, 'owner.json');
  if (owner !== undefined) writeFileSync(file, JSON.stringify(owner));
  if (silent) utimesSync(owner === undefined ? folder : file, longAgo, longAgo);
  return folder;
}

test('what a drill leaves that was killed is removed by the next, and no server goes on', async () => {
  const parent = temporaryFolder();
  // The server of a root has another user.
  chmodSync(parent, 0o711);
  const held = await holdScratch({ env: { TMPDIR: parent } });
  const folder = dirname(held.target.host);
  const living = await holdScratch({ env: { TMPDIR: parent } });
  assert(existsSync(folder), 'a living drill was swept away');
  await held.end('SIGKILL');
  // The kernel ends the server with its owner.
  for (let left = 200; left > 0 && processesShowing(folder).length > 0; left -= 1) await sleep(50);
  assert.deepEqual(processesShowing(folder), []);
  assert(existsSync(folder));

  await removeLeftFolders(parent, noLog);
  assert(!existsSync(folder));
  assert(existsSync(join(dirname(living.target.host), 'data', 'postmaster.pid')), 'a living drill was swept away');
  await living.end('SIGTERM');
});

test('a server that still runs in such a folder is ended first', async () => {
  const parent = temporaryFolder();
  const folder = makeLeft(parent, { ...(await whoWeAre()), startedTicks: '1' }, false);
  const idle = ['-e', 'process.title; setInterval(() => {}, 1000)', '--', '-D', join(folder, 'data')];
  const server = spawn(process.execPath, idle, { argv0: 'postgres', stdio: 'ignore' });
  const other = spawn(process.execPath, idle, { stdio: 'ignore' });
  await Promise.all([once(server, 'spawn'), once(other, 'spawn')]);
  await removeLeftFolders(parent, noLog);
  assert(!existsSync(folder));
  assert.equal(server.signalCode ?? (await once(server, 'exit'))[1], 'SIGQUIT');
  assert.equal(other.exitCode ?? other.signalCode, null, 'another program was ended');
  other.kill();
  await once(other, 'exit');
});

test('only folders of dead owners are removed', async () => {
  const parent = temporaryFolder();
  const us = await whoWeAre();
  const elsewhere = { ...us, place: 'another host' };
  const cases = [
    { owner: us, silent: false, removed: false },
    // A process that is stopped for a while is not dead.
    { owner: us, silent: true, removed: false },
    { owner: { ...us, startedTicks: '1' }, silent: false, removed: true },
    { owner: { ...us, pid: 4_194_304 }, silent: false, removed: true },
    { owner: elsewhere, silent: false, removed: false },
    { owner: elsewhere, silent: true, removed: true },
    { owner: undefined, silent: false, removed: false },
    { owner: undefined, silent: true, removed: true },
    { owner: 'no owner', silent: false, removed: false },
    { owner: 'no owner', silent: true, removed: true },
  ].map((one) => ({ ...one, folder: makeLeft(parent, one.owner, one.silent) }));
  const foreign = join(parent, 'pg-offsite-other');
  mkdirSync(foreign);
  await removeLeftFolders(parent, noLog);
  for (const { owner, silent, removed, folder } of cases) {
    assert.equal(!existsSync(folder), removed, JSON.stringify({ owner, silent }));
  }
  assert(existsSync(foreign));
  await removeLeftFolders(join(parent, 'not there'), noLog);
});
