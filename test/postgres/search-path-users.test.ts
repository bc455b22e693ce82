import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from '../../src/postgres/connect.ts';
import { searchPathWarnings } from '../../src/postgres/search-path-users.ts';
import { noLog, noSignal } from '../drill/scene.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { connectionTo } from './settings.ts';

/** Each finds something by the search_path while it is restored. */
const warned: readonly [what: string, sql: string, warning: RegExp][] = [
  [
    'an index and the function of a function',
    `CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
     CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT helper($1)';
     CREATE TABLE t AS SELECT 'A' AS v; CREATE INDEX t_norm_idx ON t (norm(v))`,
    /^public\.norm, used by index t_norm_idx, finds helper by search_path, which is empty while a dump is restored: ALTER FUNCTION public\.norm\(text\) SET search_path = public$/,
  ],
  [
    'a check constraint and a table, in PL/pgSQL',
    `CREATE SCHEMA app; CREATE TABLE app."Kinds" AS SELECT 1 AS k;
     SET search_path = app, public;
     CREATE FUNCTION app.known(a int, b text) RETURNS boolean LANGUAGE plpgsql AS
       $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM "Kinds" WHERE k = a; RETURN n > 0; END $$;
     CREATE TABLE public.u (k int CONSTRAINT is_known CHECK (app.known(k, 'x'))); INSERT INTO public.u VALUES (1)`,
    /^app\.known, used by constraint is_known, finds Kinds by .*: ALTER FUNCTION app\.known\(integer, text\) SET search_path = app$/,
  ],
  [
    'the check constraint of a domain and a type',
    `CREATE TYPE mood AS ENUM ('good', 'bad');
     CREATE FUNCTION is_mood(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN $1::mood IS NOT NULL; END';
     CREATE DOMAIN feeling AS text CONSTRAINT feels CHECK (is_mood(VALUE)); CREATE TABLE f (m feeling);
     INSERT INTO f VALUES ('good')`,
    /^public\.is_mood, used by constraint feels, finds mood by /,
  ],
  [
    'a generated column and the function of an extension in another schema',
    `CREATE SCHEMA ext; CREATE EXTENSION unaccent SCHEMA ext; SET search_path = public, ext;
     CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT unaccent($1) $$;
     CREATE TABLE g (v text, p text GENERATED ALWAYS AS (plain(v)) STORED); INSERT INTO g VALUES ('é')`,
    /^public\.plain, used by generated column g\.p, finds unaccent by .* SET search_path = ext$/,
  ],
  [
    'a materialized view through a view, and a view',
    `CREATE TABLE base AS SELECT 1 AS i; CREATE VIEW seen AS SELECT * FROM base;
     CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM seen';
     CREATE VIEW between AS SELECT total() AS t; CREATE MATERIALIZED VIEW sums AS SELECT * FROM between`,
    /^public\.total, used by materialized view sums, finds seen by /,
  ],
  [
    'what a function calls with its schema',
    `CREATE FUNCTION deep(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
     CREATE FUNCTION middle(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN deep($1); END';
     CREATE FUNCTION upper_one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.middle($1); END';
     CREATE TABLE d AS SELECT 1 AS i; CREATE INDEX d_idx ON d (upper_one(i))`,
    /^public\.middle, used by public\.upper_one, finds deep by /,
  ],
  [
    'the partition key of a table',
    `CREATE FUNCTION step(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
     CREATE FUNCTION part(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN step($1); END';
     CREATE TABLE p (i int) PARTITION BY RANGE (part(i)); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
     INSERT INTO p VALUES (1)`,
    /^public\.part, used by the partition key of p, finds step by /,
  ],
];

/** All of these come back as they are. */
const silent = `
  CREATE TABLE value AS SELECT 'x' AS name; CREATE TYPE mood AS ENUM ('good');
  CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
  CREATE FUNCTION builtin(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(trim(both 'x' from value)) $$;
  CREATE FUNCTION named(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT public.helper($1)';
  CREATE FUNCTION pathed(text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public AS 'SELECT helper($1)';
  CREATE FUNCTION parsed(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN helper($1);
  CREATE FUNCTION quiet(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $$ DECLARE mood text := 'helper(1)'; BEGIN -- helper(2)
    RETURN mood || $1; END $$;
  CREATE FUNCTION unused(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT helper($1)';
  CREATE TABLE s AS SELECT 'A'::text AS v; CREATE INDEX ON s (builtin(v), named(v), pathed(v), parsed(v), quiet(v));
  CREATE TABLE w (v text DEFAULT unused('x') CHECK (builtin(v) <> ''));
  CREATE MATERIALIZED VIEW m AS SELECT named(v) FROM s; CREATE MATERIALIZED VIEW n AS SELECT unused(v) FROM s WITH NO DATA`;

describe('functions that an empty search_path breaks', () => {
  const folder = temporaryFolder();
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop('immediate'));

  const look = async (database: string): Promise<string[]> => {
    const client = await connect(connectionTo(postgres, { database }), noSignal);
    try {
      await client.query('BEGIN READ ONLY');
      const warnings = await searchPathWarnings(client, noLog);
      // The transaction is still good, and without our time limit.
      const { rows } = await client.query<{ limit: string }>("SELECT current_setting('statement_timeout') AS limit");
      assert.equal(rows[0]?.limit, '0');
      return warnings;
    } finally {
      await client.end();
    }
  };
  /** Whether a dump of it comes back with stock tools. */
  const restores = async (database: string): Promise<boolean> => {
    const run = (program: string, ...args: string[]): Promise<string> =>
      runCommand(join(postgres.binDir, program), args, { env: postgres.env });
    const dump = join(folder, database);
    await run('pg_dump', '-Fc', '-f', dump, database);
    await run('createdb', '-T', 'template0', `${database}_again`);
    const restored = await run('pg_restore', '--exit-on-error', '-d', `${database}_again`, dump).then(
      () => true,
      () => false,
    );
    await run('dropdb', `${database}_again`);
    return restored;
  };

  for (const [index, [what, sql, warning]] of warned.entries()) {
    test(what, async () => {
      const database = `warned_${String(index)}`;
      await postgres.createDatabase(database);
      await postgres.psql(sql, database);
      const warnings = await look(database);
      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(warnings[0] ?? '', warning);
      assert.equal(await restores(database), false, 'it was warned of for nothing');
      await postgres.psql(/ALTER FUNCTION .*/.exec(warnings[0] ?? '')?.[0] ?? '', database);
      assert.deepEqual(await look(database), []);
      assert.equal(await restores(database), true, 'what was told does not mend it');
    });
  }

  test('nothing is said of what comes back', async () => {
    await postgres.createDatabase('silent');
    await postgres.psql(silent, 'silent');
    assert.deepEqual(await look('silent'), []);
    assert.equal(await restores('silent'), true);
  });

  test('a function of an extension cannot be mended', async () => {
    await postgres.createDatabase('earth');
    await postgres.psql(
      'CREATE EXTENSION cube; CREATE EXTENSION earthdistance; CREATE TABLE e AS SELECT 1::float AS x; CREATE INDEX e_idx ON e USING gist (ll_to_earth(x, x))',
      'earth',
    );
    const warnings = await look('earth');
    assert.match(
      warnings.join('\n'),
      /^public\.ll_to_earth, used by index e_idx, finds .*: it belongs to the extension earth/,
    );
    assert.equal(await restores('earth'), false);
  });

  test('of many, five are told and the others counted', async () => {
    await postgres.createDatabase('many');
    await postgres.psql(
      `CREATE FUNCTION helper(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE TABLE t AS SELECT 1 AS i;
       DO $do$ BEGIN FOR i IN 1..9 LOOP
         EXECUTE format('CREATE FUNCTION f%s(int) RETURNS int LANGUAGE sql IMMUTABLE AS ''SELECT helper($1)''', i);
         EXECUTE format('CREATE INDEX ON t (f%s(i))', i);
       END LOOP; END $do$`,
      'many',
    );
    const warnings = await look('many');
    assert.equal(warnings.length, 6);
    assert.match(warnings[5] ?? '', /^4 more functions find things by search_path/);
  });

  test('outside of a transaction nothing is found and nothing thrown', async () => {
    const client = await connect(connectionTo(postgres, { database: 'warned_0' }), noSignal);
    assert.deepEqual(await searchPathWarnings(client, noLog), []);
    await client.end();
    assert.deepEqual(await searchPathWarnings(client, noLog), []);
  });
});
