import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after } from 'node:test';

/** A folder that is removed after the test or test file in which it was made. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The variables that put a shell script in the place of pg_dump. It is asked for its version like the real one. */
export function fakePgDump(script: string, major = 15): Record<string, string> {
  const clients = temporaryFolder();
  const version = `case "$*" in *--version*) echo "pg_dump (PostgreSQL) ${major}.0"; exit;; esac`;
  const bin = join(clients, String(major), 'bin');
  writeScript(bin, 'pg_dump', `${version}\n${script}`);
  writeScript(bin, 'pg_dumpall', 'exec /usr/lib/postgresql/15/bin/pg_dumpall "$@"');
  return { PG_CLIENTS_DIR: clients };
}

/**
 * The same for pg_dumpall, beside the real pg_dump. `"$real"` is the real pg_dumpall.
 * @param dumpScript what pg_dump does before it is the real one.
 */
export function fakePgDumpAll(script: string, dumpScript = ''): Record<string, string> {
  const clients = temporaryFolder();
  const bin = join(clients, '15/bin');
  const real = '/usr/lib/postgresql/15/bin';
  writeScript(bin, 'pg_dump', `${dumpScript}\nexec ${real}/pg_dump "$@"`);
  writeScript(bin, 'pg_dumpall', `real=${real}/pg_dumpall\n${script}`);
  return { PG_CLIENTS_DIR: clients };
}

/** The variables that put a shell script in the place of a program that is looked up in the PATH. */
export function fakeProgram(name: string, script: string): Record<string, string> {
  const folder = temporaryFolder();
  writeScript(folder, name, script);
  return { PATH: [folder, process.env['PATH']].join(delimiter) };
}

function writeScript(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  chmodSync(folder, 0o755);
}
