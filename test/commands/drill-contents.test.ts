import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drills, proofsOf } from './drills.ts';
import { useStored } from './stored.ts';

/** What databases of applications hold that a role without a superuser's rights cannot simply make again. */
const typical = `
  CREATE ROLE app_owner; CREATE ROLE "App ""reader""";
  CREATE SCHEMA extensions; CREATE SCHEMA app AUTHORIZATION app_owner;
  CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION postgres_fdw SCHEMA extensions;
  CREATE EXTENSION pg_stat_statements;
  CREATE TABLE app.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail extensions.citext UNIQUE,
    born date, CONSTRAINT old CHECK (born > '1900-01-01'));
  INSERT INTO app.customers (mail, born) SELECT i || '@example.com', '2000-01-01' FROM generate_series(1, 500) i;
  ALTER TABLE app.customers ADD CONSTRAINT later CHECK (id > 100) NOT VALID;
  CREATE TABLE app.orders (id int, at date NOT NULL, customer bigint REFERENCES app.customers) PARTITION BY RANGE (at);
  CREATE TABLE app.orders_1 PARTITION OF app.orders FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  INSERT INTO app.orders SELECT i, '2020-05-05', i FROM generate_series(1, 300) i;
  CREATE INDEX ON ONLY app.orders (customer);
  ALTER TABLE app.customers OWNER TO app_owner;
  ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  CREATE POLICY nobody ON app.customers TO "App ""reader""" USING (false);
  GRANT SELECT ON app.customers TO "App ""reader""";
  CREATE FUNCTION app.seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE DEBUG ''seen''; END';
  CREATE EVENT TRIGGER seen ON ddl_command_end EXECUTE FUNCTION app.seen();
  COMMENT ON EVENT TRIGGER seen IS 'sees';
  CREATE PUBLICATION everything FOR ALL TABLES;
  CREATE PUBLICATION a_few FOR TABLE app.customers;
  CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
  CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'x', password 'y');
  CREATE SCHEMA far; CREATE FOREIGN TABLE far.away (id int) SERVER elsewhere;
  CREATE MATERIALIZED VIEW app.totals AS SELECT count(*) AS n FROM app.orders;
  SELECT lo_from_bytea(424242, '\\x00ff');
  ANALYZE`;

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('typical');
    await postgres.psql(typical, 'typical');
    await postgres.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));
    await postgres.createDatabase('empty');
  },
  [
    { database: 'typical' },
    { database: 'typical', variables: { SCHEMAS: 'app' } },
    { database: 'rich' },
    { database: 'empty' },
    { database: 'typical', variables: { SCHEMAS: 'far' } },
    { database: 'rich', variables: { BACKUP_FORMAT: 'plain' } },
  ],
);

describe('what a database holds', () => {
  for (const jobs of ['1', '3']) {
    test(`a typical one passes, with ${jobs} sessions`, async () => {
      const backup = stored.backups[0]!;
      const { stdout } = await drills(stored, [backup.id, '--database', 'typical', '--jobs', jobs], 0);
      for (const kind of ['eventTriggers 1', 'publications 2', 'policies 1', 'foreignTables 1', 'largeObjects 1']) {
        const [name, count] = kind.split(' ');
        assert.match(stdout, new RegExp(`^${name} +${count} +${count} +same$`, 'm'));
      }
      assert.match(stdout, /^table app\.customers +500 +500 +same$/m);
      assert.match(stdout, /^constraints: passed: .*neither were they in the source$/m);
      assert.match(stdout, /^amcheck of B-tree indexes: passed: [1-9]/m);
    });
  }

  test('a part that needs what it does not hold could not run', async () => {
    const { stdout } = await drills(stored, [stored.backups[4]!.id, '--database', 'typical'], 65);
    assert.match(stdout, /^could not run: .*holds a part, .*server "elsewhere" does not exist/m);
  });

  test('a part of one passes, and its objects are not counted', async () => {
    const { stdout } = await drills(stored, [stored.backups[1]!.id, '--database', 'typical'], 0);
    assert.match(stdout, /^table app\.customers +500 +500 +same$/m);
    assert.doesNotMatch(stdout, /^indexes +\d/m);
  });

  test('fault 76: one with what nobody but a superuser may make could not run, and it is named', async () => {
    const { stdout } = await drills(stored, [stored.backups[2]!.id], 65);
    assert.match(stdout, /could not run: rich \S+: only a superuser may create .*ACCESS METHOD own_heap, /);
    assert.match(stdout, /\nHINT: .*DRILL_ROLE=superuser, or drill --superuser/);
    const [proof] = proofsOf(stored.backups[2]!);
    assert.equal(proof?.outcome, 'could not run');
  });

  for (const [index, what, args, variables] of [
    [2, 'in one session', ['--superuser'], {}],
    [2, 'in two sessions', ['--jobs', '2'], { DRILL_ROLE: 'superuser' }],
    [5, 'as a plain dump', ['--superuser'], {}],
  ] as const) {
    test(`one with what only a superuser may make passes as one, ${what}`, async () => {
      const { stdout } = await drills(stored, [stored.backups[index]!.id, ...args], 0, variables);
      for (const kind of ['eventTriggers', 'operatorClasses', 'languages', 'casts']) {
        assert.match(stdout, new RegExp(`^${kind} +([1-9]\\d*) +\\1 +same$`, 'm'));
      }
      assert.match(stdout, /^amcheck of B-tree indexes: passed: [1-9]/m);
      assert.match(stdout, /^passed: rich /m);
    });
  }

  test('an empty one passes: there is nothing to lose', async () => {
    await drills(stored, ['--database', 'empty'], 0);
  });
});
