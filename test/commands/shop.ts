import assert from 'node:assert/strict';
import { runCommand } from '../support/run-command.ts';
import { type Backup, keyFiles, nothing, useStored } from './stored.ts';

const [identity, other] = await Promise.all([runCommand('age-keygen', []), runCommand('age-keygen', [])]);
const recipient = /age1\w+/.exec(identity)?.[0] ?? '';
/** Custom, custom and encrypted with age, and plain backups of one database. */
export const stored = useStored(
  async (postgres) => {
    await postgres.psql('CREATE ROLE shop_owner');
    await postgres.createDatabase('shop');
    await postgres.psql(
      `CREATE EXTENSION hstore;
       CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
       ALTER TABLE customers OWNER TO shop_owner;
       INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 100) i;
       CREATE SCHEMA sales;
       CREATE TABLE sales.orders AS SELECT i AS id, sha256(i::text::bytea)::text AS words FROM generate_series(1, 20000) i;
       CREATE TABLE notes AS SELECT i AS id, sha512(i::text::bytea)::text AS words FROM generate_series(1, 20000) i;
       SELECT lo_from_bytea(0, '\\x00ff');`,
      'shop',
    );
    await postgres.createDatabase('other');
  },
  [
    { database: 'shop', variables: { COMPRESSION: 'zstd' } },
    { database: 'shop', variables: { COMPRESSION: 'zstd', AGE_RECIPIENTS: recipient } },
    { database: 'shop', variables: { COMPRESSION: 'gzip', BACKUP_FORMAT: 'plain' } },
  ],
);
/** The key of the encrypted backup, and that of somebody else. */
export const age = { AGE_IDENTITY: identity.trim() };
export const otherAge = { AGE_IDENTITY: other.trim() };
export { flip } from './stored.ts';
/** The backups, by what is special about them. */
export const [custom, encrypted, plain] = [0, 1, 2].map((index) => () => stored.backups[index]!) as [
  () => Backup,
  () => Backup,
  () => Backup,
];

/** Restores into a new database, expects this failure, and that the database holds nothing afterwards. */
export async function refused(
  args: readonly string[],
  variables: Record<string, string>,
  exitCode: number,
  told: RegExp,
): Promise<void> {
  const target = await stored.target();
  const run = await stored.run(args, { ...target.variables, ...variables });
  assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
  assert.match(run.stderr, told);
  assert.equal(await stored.held(target.name), nothing, 'the target holds something');
  assert.deepEqual(keyFiles(variables), []);
}
