import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useStored } from './stored.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('people');
    await postgres.psql(
      `CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
       CREATE TABLE employee (wage int CHECK (wage > 0), UNIQUE (id)) INHERITS (person);
       INSERT INTO person VALUES (1, 'Ada'); INSERT INTO employee VALUES (2, 'Bob', 7);
       CREATE VIEW richer AS SELECT * FROM employee WHERE wage > 5;
       CREATE TABLE visit (day date) PARTITION BY RANGE (day);
       CREATE TABLE visit_2026 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
       INSERT INTO visit VALUES ('2026-05-05');`,
      'people',
    );
    await postgres.createDatabase('sales');
    await postgres.psql(
      `CREATE TABLE sale (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
       CREATE TABLE sale_2026 PARTITION OF sale FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
       INSERT INTO sale VALUES (1, '2026-05-05'), (2, '2026-05-05');`,
      'sales',
    );
  },
  [{ database: 'people' }, { database: 'sales' }],
);

/** A database that was restored from the backup of this one. */
async function restored(database: string): Promise<{ name: string; clean: readonly string[]; url: object }> {
  const target = await stored.target();
  const run = await stored.run(['restore', 'latest', '--database', database], target.variables);
  assert.equal(run.exitCode, 0, run.stderr);
  const clean = ['restore', 'latest', '--database', database, '--clean', '--confirm', target.name];
  return { name: target.name, clean, url: target.variables };
}

test('--clean replaces tables that inherit, partitions, and the views on them', async () => {
  const { name, clean, url } = await restored('people');
  await stored.postgres.psql("UPDATE person SET name = 'Eve'; TRUNCATE visit", name);
  const run = await stored.run(clean, { ...url });
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
  const rows = `SELECT string_agg(name, ',' ORDER BY id) FROM person UNION ALL
    SELECT count(*)::text FROM richer UNION ALL SELECT count(*)::text FROM visit_2026`;
  assert.equal(await stored.postgres.psql(rows, name), 'Ada,Bob\n1\n1');
});

for (const [what, database, change, query, told] of [
  [
    // pg_restore drops the key of each partition by itself, which PostgreSQL refuses.
    'partitions with a primary key',
    'sales',
    'DELETE FROM sale WHERE id = 1',
    'SELECT count(*) FROM sale',
    /cannot drop inherited constraint[^]*HINT: .*nothing was changed\. Restore into a new database/,
  ],
  [
    'a view of somebody else',
    'people',
    'CREATE VIEW mine AS SELECT id FROM person LIMIT 1',
    'SELECT count(*) FROM mine',
    /other objects depend on it[^]*HINT: .*nothing was changed\. Restore into a new database/,
  ],
] as const) {
  test(`--clean that ${what} stands in the way of changes nothing and says so`, async () => {
    const { name, clean, url } = await restored(database);
    await stored.postgres.psql(change, name);
    const run = await stored.run(clean, { ...url });
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
    assert.match(run.stderr, told);
    assert.equal(await stored.postgres.psql(query, name), '1');
  });
}
