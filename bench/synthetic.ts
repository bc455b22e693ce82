import type { TestPostgres } from '../test/support/postgres.ts';

/** Tables that a small disk holds and that are large when dumped. */
export interface SyntheticDatabase {
  readonly url: string;
  /** Makes the tables so large that a dump has so many gigabytes; they only grow. */
  grow(gigabytes: number): Promise<void>;
}

const name = 'synthetic';
const tables = 8;
const rowBytes = 131_072;

/**
 * Creates a database of eight tables whose rows are long texts that the server itself keeps compressed, to about a
 * hundredth: the dump of 20 GB takes 300 MB of disk.
 */
export async function createSyntheticDatabase(server: TestPostgres): Promise<SyntheticDatabase> {
  const url = await server.createDatabase(name);
  const each = Array.from({ length: tables }, (_, i) => `texts_${i + 1}`);
  const create = each.map((table) => `create table ${table} (body text);`).join('\n');
  await server.psql(
    `${create} insert into texts_1 select repeat(md5('0') || md5('1'), ${rowBytes / 64}) from generate_series(1, 1)`,
    name,
  );
  const grow = async (gigabytes: number): Promise<void> => {
    const rows = Math.ceil((gigabytes * 1e9) / rowBytes / tables);
    // A row that is copied stays compressed as it is.
    const fill = (table: string) =>
      `insert into ${table} select (select body from texts_1 limit 1)
        from generate_series(1, ${rows} - (select count(*) from ${table}));`;
    await server.psql(`${each.map(fill).join('\n')} vacuum (freeze, analyze);`, name);
  };
  return { url, grow };
}
