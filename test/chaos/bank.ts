import { createHash } from 'node:crypto';
import pg from 'pg';
import type { TestPostgres } from '../support/postgres.ts';

/** How many accounts there are, and what each begins with. */
const accounts = 20;
const opening = 1000;

/**
 * What is in the databases that are backed up. Every transfer is a row of `journal`, numbered without gaps, and changes two
 * accounts in the same transaction: any one moment is a number of transfers, and everything else follows from it.
 */
const schema = `
  CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO accounts SELECT n, ${String(opening)} FROM generate_series(1, ${String(accounts)}) n;
  CREATE TABLE journal (
    n int PRIMARY KEY, debit int NOT NULL REFERENCES accounts, credit int NOT NULL REFERENCES accounts,
    amount int NOT NULL CHECK (amount > 0), note text, ticket serial);
  CREATE INDEX journal_debit ON journal (debit);
  CREATE VIEW busiest AS SELECT debit, count(*) AS transfers FROM journal GROUP BY debit;
  CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT sum(balance) FROM public.accounts';
  CREATE TABLE notes (id int PRIMARY KEY, words text NOT NULL);
  SELECT lo_from_bytea(0, '\\xdeadbeef');`;
const fill = {
  small: `INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 200) n;`,
  // Enough for several parts of 5 MiB, compressed or not: nobody can compress hashes by more than half.
  large: `INSERT INTO notes SELECT n, string_agg(sha512((n * 100 + m)::text::bytea)::text, '') FROM generate_series(1, 1200) n, generate_series(1, 100) m GROUP BY n;`,
} as const;

/** Makes the databases: one of each size to be backed up as `shop`, and the quiet `crm`. */
export async function makeDatabases(server: TestPostgres): Promise<void> {
  for (const size of ['small', 'large'] as const) {
    await server.createDatabase(`shop_${size}`);
    await server.psql(`${schema} ${fill[size]} ANALYZE`, `shop_${size}`);
  }
  await server.psql('CREATE DATABASE crm TEMPLATE shop_small');
  await server.psql('ALTER DATABASE shop_small RENAME TO shop');
}

/** The moment that a database holds, as far as can be told from inside: undefined members are wrong in themselves. */
export interface Moment {
  /** How many transfers had been made. */
  readonly transfers: number;
  /** A digest of their rows. */
  readonly journal: string;
  /** A digest of all that never changes. */
  readonly still: string;
}

const momentQuery = `
  SELECT json_build_object(
    'transfers', (SELECT count(*) FROM journal), 'last', (SELECT coalesce(max(n), 0) FROM journal),
    'total', total(), 'accounts', (SELECT count(*) FROM accounts),
    'wrong', (SELECT count(*) FROM accounts a WHERE balance IS DISTINCT FROM ${String(opening)}
      + (SELECT coalesce(sum(amount), 0) FROM journal WHERE credit = a.id)
      - (SELECT coalesce(sum(amount), 0) FROM journal WHERE debit = a.id)),
    'tickets', (SELECT last_value >= (SELECT coalesce(max(ticket), 0) FROM journal) FROM journal_ticket_seq),
    'journal', (SELECT md5(coalesce(string_agg(j::text, ',' ORDER BY n), '')) FROM journal j),
    'objects', (SELECT json_agg(o ORDER BY o) FROM (
      SELECT relkind::text || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT 'constraint ' || conname || ' ' || convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace) all_of_it(o)),
    'notes', (SELECT md5(string_agg(md5(t::text), '' ORDER BY id)) FROM notes t),
    'large', (SELECT json_agg(encode(lo_get(oid), 'hex')) FROM pg_largeobject_metadata))::text AS found`;

interface Found {
  readonly transfers: number;
  readonly last: number;
  readonly total: number;
  readonly accounts: number;
  readonly wrong: number;
  readonly tickets: boolean;
  readonly journal: string;
  readonly objects: readonly string[];
  readonly notes: string;
  readonly large: readonly string[];
}

/**
 * Looks at a database of the bank. Throws, with what is wrong, where it is of no moment: money that is lost, transfers that
 * are missing from the middle, accounts that do not follow from the transfers.
 */
export async function momentOf(client: Pick<pg.Client, 'query'>): Promise<Moment> {
  const { rows } = await client.query<{ found: string }>(momentQuery);
  const found = JSON.parse(rows[0]?.found ?? '{}') as Found;
  const { transfers, last, total, wrong, tickets } = found;
  if (transfers !== last)
    throw new Error(`${String(transfers)} transfers, the last of which is number ${String(last)}`);
  if (total !== accounts * opening || found.accounts !== accounts) throw new Error(`the sum is ${String(total)}`);
  if (wrong > 0) throw new Error(`${String(wrong)} accounts do not follow from the transfers`);
  if (!tickets) throw new Error('the sequence is behind the transfers');
  const still = JSON.stringify([found.objects, found.notes, found.large]);
  return { transfers, journal: found.journal, still: createHash('sha256').update(still).digest('hex') };
}

/** The digest of the first so many transfers in the database that was backed up. */
export async function journalUntil(client: Pick<pg.Client, 'query'>, transfers: number): Promise<string> {
  const query = `SELECT md5(coalesce(string_agg(j::text, ',' ORDER BY n), '')) AS journal FROM journal j WHERE n <= $1`;
  const { rows } = await client.query<{ journal: string }>(query, [transfers]);
  return rows[0]?.journal ?? '';
}

/** Somebody who transfers money all the while. */
export interface Writer extends AsyncDisposable {
  /** How many transfers are committed for sure. */
  readonly committed: () => number;
  /** Ends after the transfer that is under way. */
  stop(): Promise<void>;
}

/** Begins to transfer, one after the other, with a short rest between them. */
export async function startWriter(url: string): Promise<Writer> {
  const client = new pg.Client({ connectionString: url, application_name: 'bank' });
  client.on('error', () => undefined);
  await client.connect();
  let committed = 0;
  let stopping = false;
  const write = async (): Promise<void> => {
    while (!stopping) {
      const n = committed + 1;
      const [debit, credit] = [1 + (n % accounts), 1 + ((n * 7 + 3) % accounts)];
      await client.query(
        `BEGIN; UPDATE accounts SET balance = balance - ${String(1 + (n % 9))} WHERE id = ${String(debit)};
         INSERT INTO journal (n, debit, credit, amount, note) VALUES (${String(n)}, ${String(debit)}, ${String(credit)}, ${String(1 + (n % 9))}, md5('${String(n)}'));
         UPDATE accounts SET balance = balance + ${String(1 + (n % 9))} WHERE id = ${String(credit)}; COMMIT`,
      );
      committed = n;
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  };
  const writing = write();
  writing.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopping = true;
    try {
      await writing;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  return { committed: () => committed, stop, [Symbol.asyncDispose]: stop };
}
