/** One piece of a statement. Identifiers and strings are without their quotes. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'mark';
  readonly text: string;
}

/**
 * What pg_dump writes for the few kinds of objects that are looked at here, and nothing else: no block comments, no dollar
 * quotes, no operators, no backslash in a string, which the database's own settings could give a meaning.
 */
const pieces = [
  String.raw`(?<space>[ \t\r\n]+|--[^\r\n]*|^\\(?:un)?restrict [A-Za-z0-9]+$)`,
  String.raw`(?<word>[A-Za-z_][A-Za-z0-9_]*)`,
  String.raw`"(?<quoted>(?:[^"\0]|"")+)"`,
  String.raw`'(?<string>(?:[^'\\\0]|'')*)'`,
  String.raw`(?<number>\d+)`,
  String.raw`(?<mark>[(),.;=])`,
];
const piece = new RegExp(pieces.join('|'), 'my');

/**
 * In a script of globals also strings with doubled backslashes, numbers with a fraction, and psql's name of the database
 * that it is connected to.
 */
const globalsPiece = new RegExp(
  [
    String.raw`E'(?<escaped>(?:[^'\\\0]|''|\\\\)*)'`,
    String.raw`(?<decimal>\d*\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)`,
    `(?<database>:"DBNAME")`,
    ...pieces,
  ].join('|'),
  'my',
);

/** Splits a script of pg_restore into statements of tokens; undefined where it holds anything that is not expected. */
export function tokenize(sql: string): Token[][] | undefined {
  return split(sql, piece);
}

/** The same for a script of globals: see src/postgres/globals.ts. */
export function tokenizeGlobals(sql: string): Token[][] | undefined {
  return split(sql, globalsPiece);
}

function split(sql: string, piece: RegExp): Token[][] | undefined {
  // Bytes of another encoding: the name would not be the right one.
  if (sql.includes('\uFFFD')) return undefined;
  const statements: Token[][] = [];
  let statement: Token[] = [];
  piece.lastIndex = 0;
  while (piece.lastIndex < sql.length) {
    const token = toToken(piece.exec(sql)?.groups);
    if (token === undefined) return undefined;
    if (token === 'space') continue;
    if (token.kind !== 'mark' || token.text !== ';') {
      statement.push(token);
    } else {
      statements.push(statement);
      statement = [];
    }
  }
  // Every statement of a script has its semicolon.
  return statement.length === 0 ? statements : undefined;
}

function toToken(groups: Record<string, string | undefined> | undefined): Token | 'space' | undefined {
  if (groups === undefined) return undefined;
  const { escaped, decimal, database, word, quoted, string, number = decimal, mark } = groups;
  if (escaped !== undefined) return { kind: 'string', text: escaped.replaceAll(/''|\\\\/g, (pair) => pair.charAt(0)) };
  if (database !== undefined) return { kind: 'mark', text: database };
  if (word !== undefined) return { kind: 'word', text: word };
  if (quoted !== undefined) return { kind: 'quoted', text: quoted.replaceAll('""', '"') };
  if (string !== undefined) return { kind: 'string', text: string.replaceAll("''", "'") };
  if (number !== undefined) return { kind: 'number', text: number };
  return mark === undefined ? 'space' : { kind: 'mark', text: mark };
}

/** The tokens do not form the statement that was expected. */
export class Mismatch extends Error {}

/** Reads the tokens of one statement from left to right; each reading method throws a {@link Mismatch}. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Goes on past these keywords and marks where they are next; else stays and returns false. */
  skip(...expected: readonly string[]): boolean {
    const next = this.#tokens.slice(this.#position, this.#position + expected.length);
    const matches = expected.every((text, index) => {
      const token = next[index];
      return (
        token !== undefined && (token.kind === 'word' || token.kind === 'mark') && token.text.toUpperCase() === text
      );
    });
    if (matches) this.#position += expected.length;
    return matches;
  }

  /** Goes on past these keywords and marks. */
  expect(...expected: readonly string[]): void {
    if (!this.skip(...expected)) throw new Mismatch();
  }

  /** An identifier, as its name is stored. */
  name(): string {
    const token = this.#tokens[this.#position++];
    if (token?.kind === 'quoted') return token.text;
    if (token?.kind === 'word') return token.text.toLowerCase();
    throw new Mismatch();
  }

  /** A string. */
  string(): string {
    const token = this.#tokens[this.#position++];
    if (token?.kind !== 'string') throw new Mismatch();
    return token.text;
  }

  /** A number, as it is written. */
  number(): string {
    const token = this.#tokens[this.#position++];
    if (token?.kind !== 'number') throw new Mismatch();
    return token.text;
  }

  /** What `read` reads, once or several times, with commas between. */
  list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.skip(',')) items.push(read());
    return items;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#position !== this.#tokens.length) throw new Mismatch();
  }
}
