import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findClient } from '../../src/postgres/clients.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-offsite-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function install(...majors: readonly (number | string)[]): void {
  for (const major of majors) {
    const bin = join(folder, String(major), 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(
      join(bin, 'pg_dump'),
      `#!/bin/sh\necho "pg_dump (PostgreSQL) ${String(major)}.4 (Debian ${String(major)}.4-1)"\n`,
    );
    chmodSync(join(bin, 'pg_dump'), 0o755);
  }
}

describe('the client of the server’s own major is taken, else the next newer one', () => {
  const cases: [installed: number[], server: number, taken: number][] = [
    [[14, 15, 16, 17], 15, 15],
    [[14, 16, 17], 15, 16],
    [[17], 9, 17],
    [[9, 17], 10, 17],
    [[100, 18, 17], 17, 17],
    [[100, 18], 17, 18],
  ];
  for (const [installed, server, taken] of cases) {
    test(`${installed.join(', ')} for ${String(server)}`, async () => {
      install(...installed);
      assert.deepEqual(await findClient(folder, server), {
        major: taken,
        version: `${String(taken)}.4`,
        binDir: join(folder, String(taken), 'bin'),
      });
    });
  }
});

test('fault 7: a server newer than every client is refused, naming both and how to get one', async () => {
  install(14, 17);
  await assert.rejects(findClient(folder, 18), {
    kind: 'config',
    message: 'the server is PostgreSQL 18, newer than every client here (14, 17)',
    hint: /PG_MAJORS="14 17 18"/,
  });
});

test('folders that hold no pg_dump are no clients', async () => {
  install(16, 'latest', '15.old');
  mkdirSync(join(folder, '15', 'bin'), { recursive: true });
  mkdirSync(join(folder, '14', 'lib'), { recursive: true });
  writeFileSync(join(folder, '13'), '');
  assert.equal((await findClient(folder, 13)).major, 16);
});

test('a folder without clients, or that is not there, is told with the variable that names it', async () => {
  for (const path of [folder, join(folder, 'missing')]) {
    await assert.rejects(findClient(path, 17), {
      kind: 'config',
      message: `no PostgreSQL client programs in ${path}`,
      hint: /PG_CLIENTS_DIR/,
    });
  }
});

test('a pg_dump that does not run is named', async () => {
  install(17);
  const program = join(folder, '17', 'bin', 'pg_dump');
  writeFileSync(program, '#!/bin/sh\necho "cannot open shared object file" >&2\nexit 127\n');
  await assert.rejects(findClient(folder, 17), { kind: 'config', message: `${program} does not run` });
});
