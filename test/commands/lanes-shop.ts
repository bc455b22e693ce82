import assert from 'node:assert/strict';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';
import { lanesIn, useLanes } from './lanes-scene.ts';
import { nothing, useStored } from './stored.ts';

const [identity, other] = await Promise.all([runCommand('age-keygen', []), runCommand('age-keygen', [])]);
const recipient = /age1\w+/.exec(identity)?.[0] ?? '';
/** The key of the backups, and that of somebody else. */
export const [age, otherAge] = [{ AGE_IDENTITY: identity.trim() }, { AGE_IDENTITY: other.trim() }];

const variables = { COMPRESSION: 'zstd', AGE_RECIPIENTS: recipient };
/** A rich database and a shop, in lanes that are encrypted with age. */
export const stored = useStored(
  async (postgres) => {
    await postgres.psql('CREATE ROLE shop_owner');
    await postgres.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));
    await postgres.createDatabase('shop');
    await postgres.psql(
      `CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
       ALTER TABLE customers OWNER TO shop_owner;
       INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 100) i;
       CREATE SCHEMA sales;
       CREATE TABLE sales.orders AS SELECT i AS id, i % 100 + 1 AS customer, sha256(i::text::bytea)::text AS words
         FROM generate_series(1, 60000) i;
       ALTER TABLE sales.orders ADD FOREIGN KEY (customer) REFERENCES customers;
       CREATE TABLE notes AS SELECT i AS id, sha256(i::text::bytea)::text AS words FROM generate_series(1, 60000) i;
       CREATE MATERIALIZED VIEW sales.per_customer AS SELECT customer, count(*) FROM sales.orders GROUP BY 1;
       CREATE SEQUENCE counter; SELECT nextval('counter');
       SELECT lo_from_bytea(0, (SELECT string_agg(sha256(i::text::bytea), '') FROM generate_series(1, 65536) i));`,
      'shop',
    );
  },
  [
    { database: 'rich', variables },
    { database: 'shop', variables },
  ],
);
useLanes(
  stored,
  [
    ['kinds.*', 'sales.*'],
    ['vals.*', 'notes'],
    ['a.*', '"select".*', 'customers'],
  ],
  undefined,
  recipient,
);
/** The backup of the shop, and what is stored of it now. */
export const shop = () => stored.backups[1]!;
export const lanes = () => lanesIn(shop());
/** Restores the shop. */
export const latest = ['restore', 'latest', '--database', 'shop'];

/** Restores into a new database and expects this failure; the database holds what is told then. */
export async function fails(
  args: readonly string[],
  exitCode: number,
  told: RegExp,
  left: 'nothing' | 'parts' = 'nothing',
  more: Record<string, string> = {},
): Promise<string> {
  const target = await stored.target();
  const run = await stored.run(args, { ...target.variables, ...age, ...more });
  assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
  assert.match(run.stderr, told);
  assert.equal((await stored.held(target.name)) === nothing, left === 'nothing', await stored.held(target.name));
  assert.equal(run.stderr.includes('is incomplete: '), left === 'parts', run.stderr);
  return target.name;
}

/** How many rows a table of a database has. */
export async function count(table: string, database: string): Promise<string> {
  return await stored.postgres.psql(`SELECT count(*) FROM ${table}`, database);
}
