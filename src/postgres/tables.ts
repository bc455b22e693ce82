import type pg from 'pg';

/** A table that holds rows of its own, as the current transaction sees it. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  /** As pg_dump prints it, in the encoding of the database, read like its lines as UTF-8: what is lost is lost alike. */
  readonly printed: string;
  /** The number of its file on the server's disk, a bigint in text. */
  readonly file: string;
  readonly bytes: number;
  /** With what is stored apart (TOAST), in bytes on disk, without indexes. */
  readonly wholeBytes: number;
  readonly estimate: number;
  /** Tables of extensions are dumped in part only: their rows are no yardstick. */
  readonly ofExtension: boolean;
  /** Its schema belongs to an extension: whether pg_dump dumps it is for pg_dump to say. */
  readonly inExtension: boolean;
  /** A standby has no rows of it. */
  readonly unlogged: boolean;
}

/** Lists all tables of the current database that hold rows of their own and live longer than their session. */
export async function listTables(client: pg.Client): Promise<Table[]> {
  type Row = Omit<Table, 'bytes' | 'wholeBytes' | 'printed'> & { bytes: string; wholeBytes: string; printed: Buffer };
  const { rows } = await client.query<Row>(`
    SELECT n.nspname AS schema, c.relname AS name, c.oid, pg_catalog.pg_relation_filenode(c.oid) AS file,
           pg_catalog.convert_to(n.nspname::text || '.' || c.relname::text, pg_catalog.getdatabaseencoding()) AS printed,
           pg_catalog.pg_relation_size(c.oid) AS bytes, pg_catalog.pg_table_size(c.oid) AS "wholeBytes",
           c.reltuples::float8 AS estimate, c.relpersistence = 'u' AS unlogged,
           EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                     AND d.objid = c.oid AND d.deptype = 'e') AS "ofExtension",
           EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::regclass
                     AND d.objid = n.oid AND d.deptype = 'e') AS "inExtension"
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`);
  return rows.map((row) => ({
    ...row,
    bytes: Number(row.bytes),
    wholeBytes: Number(row.wholeBytes),
    printed: row.printed.toString('utf8'),
  }));
}
