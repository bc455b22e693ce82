import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../support/postgres.ts';
import { assertMatchesManifest, backUp, restoreWell, temporaryFolder } from './round-trip.ts';

const writers = 3;

void test('a database that is written to all the while: the counts in the manifest are those of the dump', async () => {
  await using server = await startPostgres();
  await using folder = await temporaryFolder();
  await server.createDatabase('busy');
  await server.psql(
    `CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
     INSERT INTO accounts SELECT n, 1000 FROM generate_series(1, 200) n;
     CREATE TABLE history (id bigint GENERATED ALWAYS AS IDENTITY, account int, amount int, filler text);
     INSERT INTO history (account, amount, filler) SELECT 1, 0, repeat(md5(n::text), 10) FROM generate_series(1, 100000) n`,
    'busy',
  );
  let stopping = false;
  const write = async (seed: number): Promise<number> => {
    const client = new pg.Client(server.url('busy'));
    await client.connect();
    let transfers = 0;
    for (; !stopping; transfers += 1) {
      const from = 1 + ((seed + transfers * 7) % 200);
      const to = 1 + ((seed * 31 + transfers * 13 + 1) % 200);
      // Always the smaller one first, so that writers never lock each other out.
      const [first, second] = from < to ? [from, to] : [to, from];
      await client.query(
        `BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = ${String(first)};
         INSERT INTO history (account, amount) VALUES (${String(first)}, -1), (${String(second)}, 1);
         UPDATE accounts SET balance = balance + 1 WHERE id = ${String(second)};
         DELETE FROM history WHERE id = (SELECT min(id) FROM history) AND ${String(transfers % 3)} = 0; COMMIT`,
      );
    }
    await client.end();
    return transfers;
  };
  const writing = Array.from({ length: writers }, (_, seed) => write(seed + 1));
  try {
    for (const [format, jobs] of [
      ['custom', '1'],
      ['plain', '1'],
      ['custom', '2'],
    ] as const) {
      const target = `${format}_${jobs}`;
      const place = join(folder.path, target);
      await mkdir(place);
      const written = async () => Number(await server.psql('SELECT last_value FROM history_id_seq', 'busy'));
      const before = await written();
      const backup = await backUp({
        DATABASE_URL: server.url('busy'),
        BACKUP_DESTINATION: `file://${place}`,
        BACKUP_FORMAT: format,
        JOBS: jobs,
      });
      assert.ok((await written()) > before, 'it was written to during the backup');
      await restoreWell(server, target, backup.guide, { variables: {} });
      await assertMatchesManifest(server, target, backup.manifest);
      assert.equal(await server.psql('SELECT sum(balance) FROM accounts', target), '200000', 'no half transfer');
    }
  } finally {
    stopping = true;
    await Promise.all(writing);
  }
});
