import pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import type { Log } from '../log.ts';

/** Which empty database is made. */
export interface NewDatabase {
  readonly name: string;
  /** Undefined: whoever makes it. */
  readonly owner?: string | undefined;
  /** The server of the dumped one: its encoding, and its collation where this server has it. */
  readonly like: Manifest['server'];
  /** The locale where the dumped one's is unknown or not there, such as `LOCALE 'C.UTF-8'`; left out: the server's own. */
  readonly usual?: string | undefined;
}

/** One way to make it. */
interface Way {
  readonly locale: string;
  /** How texts are sorted then, where that is another order than the dumped one's. */
  readonly order: string | undefined;
}

/**
 * Makes an empty database that holds and sorts text as the dumped one did, or as nearly so as the server can, and says
 * where it sorts otherwise: rows of tables that are partitioned by ranges of text belong where the order says.
 * @throws {pg.DatabaseError} when the server refuses, whatever the collation.
 */
export async function createDatabase(client: pg.Client, database: NewDatabase, log: Log): Promise<void> {
  const { name, owner, like } = database;
  const create = [
    `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ENCODING ${pg.escapeLiteral(like.encoding)}`,
    owner === undefined ? '' : `OWNER ${pg.escapeIdentifier(owner)}`,
  ].join(' ');
  const ways = waysOf(database);
  for (const [index, { locale, order }] of ways.entries()) {
    try {
      await client.query(`${create} ${locale}`);
      if (order !== undefined) {
        const collation = like.collate ?? like.icuLocale ?? '';
        log.warn(`the server does not have the collation ${collation}: ${name} sorts text ${order}`);
      }
      return;
    } catch (error) {
      if (index === ways.length - 1 || !isAboutLocale(error)) throw error;
    }
  }
}

function waysOf({ like: { encoding, collate, ctype, icuLocale }, usual = '' }: NewDatabase): Way[] {
  // The server's own locale may not go with the encoding; C goes with all.
  const others = [usual, `LC_COLLATE 'C' LC_CTYPE 'C'`];
  const inAnother = others.map((locale) => ({ locale, order: 'in another order than the source did' }));
  if (icuLocale !== undefined) {
    const libc = encoding === 'UTF8' ? ["'C.UTF-8'", "'C'"] : ["'C'"];
    return [...libc.map((locale) => ({ locale: byIcu(icuLocale, locale), order: undefined })), ...inAnother];
  }
  if (collate === undefined || ctype === undefined) return others.map((locale) => ({ locale, order: undefined }));
  const ways: Way[] = [
    { locale: `LC_COLLATE ${pg.escapeLiteral(collate)} LC_CTYPE ${pg.escapeLiteral(ctype)}`, order: undefined },
  ];
  const [, language, country] = /^([a-z]{2,3})_([A-Z]{2})\.utf-?8$/i.exec(collate) ?? [];
  if (language !== undefined && country !== undefined && encoding === 'UTF8') {
    const icu = `${language}-${country}`;
    const order = `by ICU's rules for ${icu}, which are nearly the same`;
    ways.push({ locale: byIcu(icu, "'C.UTF-8'"), order });
  }
  return [...ways, ...inAnother];
}

/** Since PostgreSQL 15. */
function byIcu(name: string, libc: string): string {
  return `LOCALE_PROVIDER icu ICU_LOCALE ${pg.escapeLiteral(name)} LOCALE ${libc}`;
}

/**
 * SQLSTATE of a locale that is unknown, that does not go with an encoding, and of one by ICU on a server without it or
 * before it could (dbcommands.c).
 */
function isAboutLocale(error: unknown): boolean {
  const codes = ['22023', '42809', '0A000', '42601'];
  return error instanceof pg.DatabaseError && codes.includes(error.code ?? '');
}
