import type { TestPostgres } from '../test/support/postgres.ts';

/** The database that is dumped. */
export interface BenchDatabase {
  readonly url: string;
  readonly name: string;
  /** As `pg_database_size` tells it. */
  readonly bytes: number;
}

/** What makes the server quick to fill; nothing of it matters to a dump. */
export const benchServerConf = [
  'wal_level = minimal',
  'max_wal_senders = 0',
  'shared_buffers = 1GB',
  'max_wal_size = 8GB',
  'autovacuum = off',
  'jit = off',
] as const;

/**
 * Creates a database of about 1.16 GB (scale 1) in equal thirds of what databases hold: identifiers that hardly
 * compress, prose with JSON that compresses well, and numbers with times in between. The same every time.
 */
export async function createBenchDatabase(server: TestPostgres, scale: number): Promise<BenchDatabase> {
  const name = 'bench';
  const rows = (atScaleOne: number) => Math.ceil(atScaleOne * scale);
  const url = await server.createDatabase(name);
  await server.psql(
    `
    select setseed(0.5) \\g /dev/null
    -- 200,000 sentences of 12 words each; short words are common and long ones rare.
    create temp table words as
      select i, substr(translate(md5(i::text), '0123456789', 'ghijklmnop'), 1, 2 + i / 250) as word
      from generate_series(0, 2499) i;
    create temp table sentences as
      select n, string_agg(word, ' ') || '. ' as sentence
      from (select n / 12 as n, (2500 * power(random(), 3))::int as i from generate_series(0, 2399999) n) picks
      join words using (i) group by n;
    create unique index on sentences (n);
    analyze sentences;

    create table identifiers as
      select i as id, md5(i::text) as token, md5('b' || i)::uuid as uuid, sha256(i::text::bytea) as digest
      from generate_series(1, ${rows(3_160_000)}) i;
    create table documents as
      select i as id, a.sentence || b.sentence || c.sentence || d.sentence as body,
        jsonb_build_object('author', i % 5000, 'lang', (array['en', 'de', 'fr'])[1 + i % 3], 'score', i % 997 / 10.0) as meta
      from generate_series(1, ${rows(1_030_000)}) i
      join sentences a on a.n = i * 7919::bigint % 200000 join sentences b on b.n = i * 104729::bigint % 200000
      join sentences c on c.n = i * 1299709::bigint % 200000 join sentences d on d.n = i * 15485863::bigint % 200000;
    create table readings as
      select i as id, i % 5000 as device, timestamptz '2026-01-01 00:00Z' + i * interval '1.7 seconds' as at,
        random() * 100 as value, (random() * 10000)::numeric(10, 3) as total, i % 7 = 0 as flagged
      from generate_series(1, ${rows(6_450_000)}) i;
    vacuum (freeze, analyze);
    `,
    name,
  );
  return { url, name, bytes: Number(await server.psql(`select pg_database_size('${name}')`)) };
}

/** Adds what a restore has to build again: a primary key for each table and one more index. */
export async function addBenchIndexes(server: TestPostgres): Promise<void> {
  await server.psql(
    `
    alter table identifiers add primary key (id);
    alter table documents add primary key (id);
    alter table readings add primary key (id);
    create index on readings (device, at);
    vacuum (analyze);
    `,
    'bench',
  );
}

/** Says what a database of ours holds: equal texts mean equal rows, in whatever order, and equal indexes. */
export async function fingerprint(server: TestPostgres, database: string): Promise<string> {
  const tables = ['identifiers', 'documents', 'readings'].map(
    (table) => `select '${table}', count(*), sum(hashtextextended(t::text, 0)) from ${table} t`,
  );
  const indexes = `select indexname, 1, 1 from pg_indexes where schemaname = 'public'`;
  return server.psql(`${[...tables, indexes].join(' union all ')} order by 1`, database);
}

/** Copies the database with each table divided into four, as most databases have more tables than three. */
export async function splitTables(server: TestPostgres): Promise<BenchDatabase> {
  const name = 'bench_divided';
  await server.psql(`create database ${name} template bench`);
  const divide = ['identifiers', 'documents', 'readings'].flatMap((table) => [
    ...[0, 1, 2, 3].map((i) => `create table ${table}_${i} as select * from ${table} where id % 4 = ${i};`),
    `drop table ${table};`,
  ]);
  await server.psql(`${divide.join('\n')} vacuum (freeze, analyze);`, name);
  return { url: server.url(name), name, bytes: Number(await server.psql(`select pg_database_size('${name}')`)) };
}
