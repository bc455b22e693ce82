import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { drills, proofsOf } from './drills.ts';
import { lanesIn, useLanes } from './lanes-scene.ts';
import { believing, manifestOf, signatureOf, signing } from './signed-scene.ts';
import { type Backup, flip, nothing, useStored } from './stored.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql(
      `CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text UNIQUE,
         words text, low text GENERATED ALWAYS AS (lower(mail)) STORED);
       INSERT INTO customers (mail, words) SELECT i || '@X.example', sha512(i::text::bytea)::text
         FROM generate_series(1, 30000) i;
       CREATE TABLE orders (id int, at date NOT NULL, customer bigint REFERENCES customers) PARTITION BY RANGE (at);
       CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
       CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
       INSERT INTO orders SELECT i, '2020-01-01'::date + i % 700, i FROM generate_series(1, 3000) i;
       ALTER TABLE customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
       CREATE POLICY nobody ON customers USING (false);
       CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE DEBUG ''seen''; END';
       CREATE EVENT TRIGGER seen ON ddl_command_end EXECUTE FUNCTION seen();
       CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
       CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
       CREATE PUBLICATION everything FOR ALL TABLES;
       CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders;
       SELECT lo_from_bytea(424242, '\\x00ff');
       ANALYZE`,
      'shop',
    );
  },
  [{ database: 'shop', variables: signing }],
);

/** As the run would have signed it. */
function signed(backup: Backup): void {
  const signature = sign(null, readFileSync(manifestOf(backup)), createPrivateKey(signing.MANIFEST_SIGNING_KEY));
  writeFileSync(signatureOf(backup), `${signature.toString('base64')}\n`);
}

useLanes(stored, [['customers'], ['orders_1'], ['orders_2']], signed);
const shop = (): Backup => stored.backups[0]!;

describe('a drill of a backup in lanes', () => {
  for (const [what, args, variables] of [
    ['in as many sessions as fit', [], {}],
    ['in one session, of what is signed', ['--jobs', '1'], believing],
  ] as const) {
    test(`${what} passes, and its proof is of all of them`, async () => {
      const { stdout, stderr } = await drills(stored, ['latest', ...args], 0, variables);
      for (const kind of ['eventTriggers 1', 'publications 1', 'policies 1', 'largeObjects 1', 'triggers 3']) {
        const [name, count] = kind.split(' ');
        assert.match(stdout, new RegExp(`^${name} +${count} +${count} +same$`, 'm'));
      }
      assert.match(stdout, /^table public\.customers +30,000 +30,000 +same$/m);
      assert.match(stderr, /loading rows from 4 lanes/);
      const [proof] = proofsOf(shop());
      const { manifest } = lanesIn(shop());
      assert.equal(proof?.outcome, 'passed');
      assert.deepEqual(
        proof.artifacts,
        manifest.artifacts.map(({ key, sha256 }) => ({ key, sha256 })),
      );
    });
  }

  for (const lane of ['schema', 'data-01', 'rest']) {
    test(`fails with a damaged lane ${lane}`, async () => {
      flip(lanesIn(shop()).path(lane), -1);
      const { stdout } = await drills(stored, ['latest'], 76);
      assert.match(stdout, /^FAILED: .*database-\S+ has the SHA-256/m);
      assert.equal(proofsOf(shop())[0]?.outcome, 'failed');
    });
  }
});

test('nothing of a damaged lane is used where only what is signed is believed', async () => {
  const target = await stored.target();
  flip(lanesIn(shop()).path('data-01'), -1);
  const run = await stored.run(['restore', 'latest'], { ...target.variables, ...believing });
  assert.equal(run.exitCode, 76, run.stderr);
  assert.match(run.stderr, /database-data-01\.dump\.zst has the SHA-256/);
  assert.equal(await stored.held(target.name), nothing);
});

test('a backup in lanes is verified with all of them', async () => {
  const good = await stored.run(['verify', 'latest']);
  assert.equal(good.exitCode, 0, good.stdout + good.stderr);
  assert.equal(
    good.stdout.match(/database-[a-z0-9-]+\.dump\.zst [^;]* SHA-256 as recorded, [^;]* decoded/g)?.length,
    5,
  );
  flip(lanesIn(shop()).path('rest'), -1);
  const bad = await stored.run(['verify', 'latest']);
  assert.equal(bad.exitCode, 76, bad.stdout);
  assert.match(bad.stdout, /^FAIL .*database-data-rest\.dump\.zst has the SHA-256/m);
});
