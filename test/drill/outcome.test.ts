import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judge, judgeFailure } from '../../src/drill/outcome.ts';
import { roleIn } from '../../src/drill/script-roles.ts';
import { Failure } from '../../src/errors.ts';
import type { Comparison } from '../../src/restore/comparison.ts';

const compared = (what: string, outcome: Comparison['outcome']): Comparison => ({
  what,
  expected: '3',
  found: outcome === 'same' ? '3' : '2',
  outcome,
  reason: undefined,
});
const nothing = { compared: [], checks: [], holdsTables: true, obstacles: [] };
const passing = { ...nothing, compared: [compared('table a.b', 'same')] };

describe('a drill that came to its end', () => {
  const failedCheck = { name: 'indexes', outcome: 'failed', detail: 'not valid: a.c' } as const;
  const cases: [what: string, findings: Parameters<typeof judge>[0], outcome: string, reason: RegExp][] = [
    ['all the same', passing, 'passed', /^$/],
    [
      'a difference',
      { ...passing, compared: [...passing.compared, compared('indexes', 'different')] },
      'failed',
      /^1 of 2 comparisons differs: indexes \(2 instead of 3\)$/,
    ],
    ['a failed check', { ...passing, checks: [failedCheck] }, 'failed', /^failed: indexes \(not valid: a\.c\)$/],
    ['a check that was not run', { ...passing, checks: [{ ...failedCheck, outcome: 'not run' }] }, 'passed', /^$/],
    ['an obstacle', { ...passing, obstacles: [{ reason: 'no x', hint: 'Get an x.' }] }, 'could not run', /^no x$/],
    [
      'an obstacle and a difference',
      {
        ...passing,
        compared: [compared('table a.b', 'different')],
        obstacles: [{ reason: 'no x', hint: 'Get an x.' }],
      },
      'failed',
      /differs/,
    ],
    ['only estimates', { ...nothing, compared: [compared('table a.b', 'not compared')] }, 'could not run', /estimates/],
    [
      'kinds, but no rows',
      { ...nothing, compared: [compared('tables', 'same')] },
      'could not run',
      /no table whose rows/,
    ],
    ['a database without tables', { ...nothing, holdsTables: false }, 'passed', /^$/],
  ];
  for (const [what, findings, outcome, reason] of cases) {
    test(what, () => {
      const found = judge(findings);
      assert.equal(found.outcome, outcome);
      assert.match(found.reason ?? '', reason);
    });
  }
});

describe('a drill that broke off', () => {
  const pgRestore = (words: string): Failure =>
    new Failure('dump', `pg_restore failed with exit code 1: ERROR:  ${words}`);
  const cases: [failure: Failure, obstacles: string[], outcome: string | undefined][] = [
    [new Failure('verification', 's3://b/k has 2 bytes'), [], 'failed'],
    [pgRestore('invalid input syntax for type json'), [], 'failed'],
    [pgRestore('type "citext" does not exist'), ['the scratch server lacks the extension citext'], 'could not run'],
    [pgRestore('permission denied for language c'), [], 'could not run'],
    [pgRestore('could not extend file "base/1": No space left on device'), [], 'could not run'],
    [pgRestore('role "app" does not exist'), [], 'could not run'],
    [new Failure('dump', 'pg_restore was killed by SIGKILL'), [], 'could not run'],
    [new Failure('dump', 'could not run: no PostgreSQL server programs'), [], 'could not run'],
    [new Failure('config', 'AGE_IDENTITY does not decrypt this backup'), [], undefined],
    [new Failure('store', 's3://b/k cannot be read'), [], undefined],
    [new Failure('bug', 'unexpected'), [], undefined],
  ];
  for (const [failure, obstacles, outcome] of cases) {
    test(`${failure.message}: ${outcome ?? 'no result'}`, () => {
      const known = obstacles.map((reason) => ({ reason, hint: 'Do it.' }));
      const judged = judgeFailure(failure, known, { elsewhere: false, plain: false });
      assert.equal(judged?.outcome, outcome);
    });
  }
});

describe('what a server cannot do has a hint', () => {
  const own = { elsewhere: false, plain: false };
  const elsewhere = { elsewhere: true, plain: false };
  const cases: [words: string, place: typeof own, hint: RegExp][] = [
    ['permission denied for language c', own, /DRILL_ROLE=superuser, or drill --superuser/],
    ['must be superuser to create a base type', own, /DRILL_ROLE=superuser/],
    ['only superuser can define a leakproof function', own, /DRILL_ROLE=superuser/],
    ['aggregate transition data type cannot be internal', own, /DRILL_ROLE=superuser/],
    ['password_required=false is superuser-only', own, /DRILL_ROLE=superuser/],
    [
      'could not connect to server "far"; DETAIL: Network is unreachable',
      own,
      /foreign table does: .* reaches that one/,
    ],
    ['Only roles with the SUPERUSER attribute may do that', own, /DRILL_ROLE=superuser/],
    ['must be superuser to create a base type', elsewhere, /DRILL_DATABASE_URL/],
    ['collation "de_DE" for encoding "UTF8" does not exist', own, /the locale de_DE\.UTF-8: add it to PG_LOCALES/],
    ['collation "public.sv_SE.utf8" does not exist', own, /PG_LOCALES/],
    ['could not create locale "de_DE.utf8": No such file or directory', own, /locale de_DE\.UTF-8: .*PG_LOCALES/],
    ['could not create locale "de_DE.ISO8859-15": No such file', own, /locale de_DE\.ISO8859-15: /],
    ['pg_cron must be loaded via shared_preload_libraries', own, /load that library .*DRILL_DATABASE_URL/],
    ['extension "x" is not available', own, /PG_EXTRA_PACKAGES/],
    ['unrecognized configuration parameter "transaction_timeout"', own, /image with newer ones/],
    ['could not extend file "base/1": No space left on device', own, /TMPDIR/],
    ['could not extend file "base/1": No space left on device', elsewhere, /disk of the server of DRILL_DATABASE_URL/],
    ['server closed the connection unexpectedly', own, /memory limit/],
    ['terminating connection due to administrator command', elsewhere, /log of the server/],
    ['role "app" does not exist', { elsewhere: false, plain: true }, /BACKUP_FORMAT=custom/],
    ['role "app" does not exist', elsewhere, /Create the role/],
  ];
  for (const [words, place, hint] of cases) {
    test(`${words}${place.elsewhere ? ', elsewhere' : ''}`, () => {
      const failure = new Failure('dump', `pg_restore failed with exit code 1: ${words}`, { hint: 'Use --leave-out.' });
      const judged = judgeFailure(failure, [], place);
      assert.equal(judged?.outcome, 'could not run');
      assert.match(judged.hint ?? '', hint);
    });
  }
});

describe('the roles of a script', () => {
  const cases: [line: string, role: string | undefined][] = [
    ['ALTER TABLE public.orders OWNER TO app;', 'app'],
    ['ALTER FUNCTION a.b(x integer, "to ""me""" text) OWNER TO "My ""role""";', 'My "role"'],
    ['GRANT SELECT ON TABLE public.orders TO reader WITH GRANT OPTION;', 'reader'],
    ['REVOKE ALL ON SCHEMA public FROM postgres;', 'postgres'],
    ['ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA a GRANT SELECT ON TABLES TO x;', 'app'],
    ['ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;', undefined],
    ['CREATE TABLE "OWNER TO app;" (', undefined],
  ];
  for (const [line, role] of cases) {
    test(line, () => {
      assert.equal(roleIn(line), role);
    });
  }
});
