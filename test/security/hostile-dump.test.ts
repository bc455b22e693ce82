import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { scratchFolder } from '../support/scratch-server.ts';
import { dumpOf, forgeDump } from '../commands/forged.ts';
import { proofsOf } from '../commands/drills.ts';
import { plain, stored } from '../commands/shop.ts';

/** What SQL of a dump tries to leave a server by. `touched` is a file that it must not make. */
const attempts: readonly (readonly [what: string, sql: (touched: string) => string])[] = [
  ['a program as the source of rows', (touched) => `COPY public.customers FROM PROGRAM 'touch ${touched}';`],
  ['a program that takes rows', (touched) => `COPY public.customers TO PROGRAM 'touch ${touched}';`],
  ['a file that is written', (touched) => `COPY public.customers TO '${touched}';`],
  ['a file that is read', () => `CREATE TABLE public.stolen AS SELECT pg_read_file('/etc/passwd') AS text;`],
  [
    'the environment of the server',
    () => `CREATE TABLE public.stolen AS SELECT pg_read_binary_file('/proc/self/environ');`,
  ],
  ['a large object from a file', () => `SELECT lo_import('/etc/passwd');`],
  ['a large object into a file', (touched) => `SELECT lo_export(lo_from_bytea(0, 'x'), '${touched}');`],
  ['a setting of the server', (touched) => `COMMIT; ALTER SYSTEM SET archive_command = 'touch ${touched}';`],
  ['a library', () => `LOAD '/tmp/evil.so';`],
  [
    'a function in C',
    () => `CREATE FUNCTION public.system(cstring) RETURNS int AS 'libc.so.6', 'system' LANGUAGE c STRICT;`,
  ],
  ['a language that is not trusted', () => `CREATE EXTENSION plpython3u;`],
  [
    'a connection to elsewhere',
    () => `CREATE EXTENSION dblink SCHEMA public; SELECT public.dblink_connect('host=127.0.0.1 dbname=postgres');`,
  ],
  [
    'an event trigger',
    () =>
      `CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'; CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION public.e();`,
  ],
  ['the rights of a superuser', () => `ALTER ROLE CURRENT_USER SUPERUSER;`],
  ['another role', () => `CREATE ROLE thief SUPERUSER LOGIN;`],
  ['the rights to run programs', () => `GRANT pg_execute_server_program TO CURRENT_USER;`],
  ['a tablespace', (touched) => `COMMIT; CREATE TABLESPACE t LOCATION '${touched}';`],
  ['a subscription', () => `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p WITH (connect = false);`],
];

describe('fault 74: SQL of a dump that tries to leave the scratch server of a drill does not get out', () => {
  const folder = temporaryFolder();
  for (const [index, [what, sql]] of attempts.entries()) {
    test(what, async () => {
      const touched = join(folder, String(index));
      const dump = dumpOf(plain()).toString();
      const at = dump.lastIndexOf('\nCOPY ');
      forgeDump(plain(), `${dump.slice(0, at)}\n${sql(touched)}\n${dump.slice(at)}`);
      const scratch = scratchFolder();
      const { exitCode, stdout } = await stored.run(['drill', plain().id], scratch.variables);
      assert.ok(exitCode === 65 || exitCode === 76, stdout);
      assert.deepEqual([scratch.left(), scratch.serving()], [[], []]);
      assert.match(stdout, /psql failed with exit code 3: /);
      assert.match(
        stdout,
        /permission denied|must be|must have|not allowed|not available|does not exist|password|superuser/i,
      );
      assert.ok(!existsSync(touched));
      assert.notEqual(proofsOf(plain())[0]?.outcome, 'passed');
    });
  }
});
