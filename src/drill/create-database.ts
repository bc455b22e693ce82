import pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';

/** Which empty database is made. */
export interface NewDatabase {
  readonly name: string;
  /** Undefined: whoever makes it. */
  readonly owner: string | undefined;
  /** Of the dumped one: its encoding, and its collation where the server has it. */
  readonly like: Manifest['server'] & { readonly collate?: string | undefined; readonly ctype?: string | undefined };
}

/**
 * Makes an empty database that holds and sorts text as the dumped one did, or as nearly so as the server can: rows of
 * tables that are partitioned by ranges of text belong where the order says.
 * @param usual what to ask for where the dumped one's collation is unknown or not there; empty for the server's own.
 * @throws {Failure} `dump` with the words `could not run`.
 */
export async function createDatabase(
  client: pg.Client,
  { name, owner, like }: NewDatabase,
  usual: string,
  log: Log,
): Promise<void> {
  const { encoding, collate, ctype } = like;
  const text = (value: string): string => client.escapeLiteral(value);
  const create = [
    `CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE template0 ENCODING ${text(encoding)}`,
    owner === undefined ? '' : `OWNER ${client.escapeIdentifier(owner)}`,
  ].join(' ');
  const ways: string[] = [];
  if (collate !== undefined && ctype !== undefined) {
    ways.push(`LC_COLLATE ${text(collate)} LC_CTYPE ${text(ctype)}`);
    const [, language, country] = /^([a-z]{2,3})_([A-Z]{2})\.utf-?8$/i.exec(collate) ?? [];
    // The same order by another library, for nearly all texts. Since PostgreSQL 15.
    if (language !== undefined && country !== undefined && encoding === 'UTF8')
      ways.push(`LOCALE_PROVIDER icu ICU_LOCALE ${text(`${language}-${country}`)} LOCALE 'C.UTF-8'`);
  }
  const isAsSource = ways.length;
  // C goes with every encoding.
  ways.push(usual, `LC_COLLATE 'C' LC_CTYPE 'C'`);
  let refusal: pg.DatabaseError | undefined;
  for (const [index, way] of ways.entries()) {
    try {
      await client.query(`${create} ${way}`);
      if (isAsSource > 0 && index >= isAsSource) {
        log.warn(`the server does not have the collation ${collate ?? ''}: the drill sorts text in another order`);
      }
      return;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      refusal = error;
      if (error.code === '42501') break;
    }
  }
  const hint =
    refusal?.code === '42501'
      ? `Give the user of DRILL_DATABASE_URL the right: ALTER ROLE ${client.escapeIdentifier(client.user ?? '')} CREATEDB.`
      : undefined;
  throw new Failure('dump', `could not run: no database for the drill can be made: ${refusal?.message ?? ''}`, {
    hint,
    cause: refusal,
    retryable: false,
  });
}
