import { Mismatch, type Token, TokenReader, tokenizeGlobals } from '../postgres/sql-tokens.ts';
import { statementReaders } from './globals-grammar.ts';
import { type GlobalsScript, Script } from './globals-script.ts';

/**
 * Understands what `pg_dumpall --globals-only` and src/postgres/database-settings.ts write, by a grammar so strict that
 * nothing else can be in it: no query, no function, no command of psql.
 * @returns or else the words that the first statement begins with which does not fit; empty where not even words were found.
 */
export function parseGlobals(sql: string): GlobalsScript | { readonly unknown: string } {
  const statements = tokenizeGlobals(sql);
  if (!statements) return { unknown: '' };
  const script = new Script();
  for (const tokens of statements) {
    if (!statementReaders.some((read) => fits(() => read(new TokenReader(tokens), script)))) {
      return { unknown: beginningOf(tokens) };
    }
  }
  return script;
}

/** Without strings, one of which may be a password. */
function beginningOf(tokens: readonly Token[]): string {
  const end = tokens.findIndex(({ kind }) => kind !== 'word');
  return tokens
    .slice(0, Math.min(5, end === -1 ? tokens.length : end))
    .map(({ text }) => text)
    .join(' ');
}

function fits(read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof Mismatch) return false;
    throw error;
  }
}
