import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dumpLines } from '../support/compare.ts';
import { age, custom, encrypted, flip, plain, refused, stored } from './shop.ts';
import { nothing } from './stored.ts';

describe('with several sessions', () => {
  for (const [args, variables] of [
    [['--jobs', '2'], {}],
    [[], { RESTORE_JOBS: 'auto' }],
  ] as const) {
    test(`${args.length > 0 ? '--jobs' : 'RESTORE_JOBS'}: all comes back, indexes and constraints too`, async () => {
      const target = await stored.target();
      const run = await stored.run(['restore', encrypted().id, ...args], { ...target.variables, ...age, ...variables });
      assert.equal(run.exitCode, 0, run.stderr);
      assert.match(run.stderr, /the rows are there; making indexes and constraints in [2-4] sessions/);
      assert.deepEqual(
        await dumpLines(stored.postgres, target.name, 'without owners'),
        await dumpLines(stored.postgres, 'shop', 'without owners'),
      );
    });
  }

  for (const at of [150, 200_000, -1]) {
    test(`fault 67: a flipped byte ${at} commits nothing`, async () => {
      flip(encrypted().artifact, at);
      await refused(['restore', encrypted().id, '--jobs', '2'], age, 76, /has the SHA-256/);
    });
  }

  test('what fails after the rows is told, with the state of the target; a database that was made is dropped', async () => {
    await stored.postgres.createDatabase('picky');
    await stored.postgres.psql(
      `CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i;
       CREATE FUNCTION same(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
         IF current_database() <> 'picky' THEN RAISE EXCEPTION 'not in %', current_database(); END IF; RETURN $1; END $$;
       CREATE INDEX fussy ON t (same(i)); CREATE INDEX plain ON t (i)`,
      'picky',
    );
    const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('picky') });
    assert.equal(backup.exitCode, 0, backup.stderr);
    const restore = ['restore', 'latest', '--database', 'picky'];

    const target = await stored.target();
    const once = await stored.run(restore, target.variables);
    assert.equal(once.exitCode, 65, once.stderr);
    assert.match(once.stderr, /not in target_\d+/);
    assert.match(once.stderr, /HINT: This error is not one that pg-offsite knows/);
    assert.equal(await stored.held(target.name), nothing);

    const run = await stored.run([...restore, '--jobs', '2'], target.variables);
    assert.equal(run.exitCode, 65, run.stderr);
    assert.match(run.stderr, /target_\d+ is incomplete: tables and rows are there, indexes, .* are not all/);
    assert.equal(await stored.postgres.psql('SELECT count(*) FROM t', target.name), '10');

    const made = await stored.run([...restore, '--jobs', '2', '--create'], {
      TARGET_DATABASE_URL: stored.postgres.url('unmade'),
    });
    assert.equal(made.exitCode, 65, made.stderr);
    assert.match(made.stderr, /dropped the database unmade again/);
    assert.equal(await stored.postgres.psql("SELECT count(*) FROM pg_database WHERE datname = 'unmade'"), '0');

    const other = await stored.target();
    const less = await stored.run([...restore, '--jobs', '2', '--leave-out', 'index public.fussy'], other.variables);
    assert.equal(less.exitCode, 0, less.stderr);
    assert.match(less.stdout, /^INDEX public\.fussy +asked for with --leave-out$/m);
    assert.match(less.stdout, /^indexes +2 +not compared: some were left out$/m);
    assert.match(less.stdout, /no difference; 1 not compared$/m);
  });

  test('a plain dump is restored by one, and that is told', async () => {
    const target = await stored.target();
    const run = await stored.run(['restore', plain().id, '--jobs', '3'], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stderr, /one session instead of 3: a plain dump is one script/);
  });

  test('a number that is none is refused', async () => {
    await refused(['restore', custom().id, '--jobs', '0'], {}, 64, /--jobs is a number from 1 to 99, or auto/);
  });
});
