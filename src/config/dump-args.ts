import type { Findings } from './findings.ts';

/** Arguments of `pg_dump` that this program sets itself, or that would leave something out, with what to do instead. */
const refused: readonly { readonly long: string; readonly short?: string; readonly instead: string }[] = [
  { long: 'file', short: 'f', instead: 'backups go to BACKUP_DESTINATION' },
  { long: 'format', short: 'F', instead: 'set BACKUP_FORMAT' },
  { long: 'compress', short: 'Z', instead: 'set COMPRESSION and COMPRESSION_LEVEL' },
  { long: 'jobs', short: 'j', instead: 'set JOBS' },
  { long: 'dbname', short: 'd', instead: 'set DATABASE_URL' },
  { long: 'host', short: 'h', instead: 'set DATABASE_URL' },
  { long: 'port', short: 'p', instead: 'set DATABASE_URL' },
  { long: 'username', short: 'U', instead: 'set DATABASE_URL' },
  { long: 'no-password', short: 'w', instead: 'it is always set' },
  { long: 'password', short: 'W', instead: 'nobody is there to be asked: put the password into DATABASE_URL' },
  { long: 'snapshot', instead: 'every dump has a snapshot of its own' },
  { long: 'verbose', short: 'v', instead: 'set LOG_LEVEL=debug' },
  { long: 'encoding', short: 'E', instead: 'a dump is made in the encoding of the database, so that nothing is lost' },
  { long: 'lock-wait-timeout', instead: 'set LOCK_WAIT_TIMEOUT' },
  { long: 'section', instead: 'a dump of one section cannot restore the database' },
  { long: 'schema-only', short: 's', instead: 'a dump without data cannot restore the database' },
  { long: 'data-only', short: 'a', instead: 'a dump without definitions cannot restore the database' },
  { long: 'statistics-only', instead: 'a dump of statistics cannot restore the database' },
  { long: 'no-schema', instead: 'a dump without definitions cannot restore the database' },
  { long: 'no-data', instead: 'a dump without data cannot restore the database' },
  {
    long: 'enable-row-security',
    instead: 'a dump without the rows that it hides is incomplete; use a role that sees all',
  },
  { long: 'create', short: 'C', instead: 'a backup is restored into the database that RESTORE.md asks for' },
  { long: 'help', short: '?', instead: 'it would make no dump' },
  { long: 'version', short: 'V', instead: 'it would make no dump' },
];

/** Short options of `pg_dump` that take a value: whatever follows in the same word is that value. */
const shortWithValue = 'dEefFhjnNpSTtUZ';
/** Long ones; abbreviations included, getopt gives the next word to these when there is no `=`. */
const longWithValue = [
  'extension',
  'schema',
  'exclude-schema',
  'superuser',
  'table',
  'exclude-table',
  'exclude-table-and-children',
  'table-and-children',
  'exclude-table-data',
  'exclude-table-data-and-children',
  'exclude-extension',
  'extra-float-digits',
  'filter',
  'include-foreign-data',
  'restrict-key',
  'role',
  'rows-per-insert',
  'sync-method',
];

/** `PG_DUMP_ARGS` as words. What this program owns, or what would make a dump that cannot be restored, is a problem. */
export function readDumpArgs(text: string | undefined, name: string, findings: Findings): string[] {
  const words = splitWords(text ?? '');
  if (words === undefined) {
    findings.problem(
      `${name} has a quote that is never closed; quote it as in a shell, like --exclude-table='odd name'`,
    );
    return [];
  }
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const owned = findRefused(word);
    if (owned !== undefined) findings.problem(`${name} has ${owned.option}, which is refused: ${owned.instead}`);
    if (takesNextWord(word)) index += 1;
    else if (!/^-./.test(word) || word === '--') {
      findings.problem(
        `${name} has a word that is no option of pg_dump; every word begins with - or is the value of one`,
      );
    }
  }
  return words;
}

function findRefused(word: string): { option: string; instead: string } | undefined {
  if (word.startsWith('--')) {
    const [option = ''] = word.slice(2).split('=');
    // getopt takes any beginning of a name that fits only one, however short.
    const found = refused.find(({ long }) => long === option || (option !== '' && isOnlyBeginning(option, long)));
    return found && { option: `--${found.long}`, instead: found.instead };
  }
  if (!word.startsWith('-')) return undefined;
  for (const letter of word.slice(1)) {
    const found = refused.find(({ short }) => short === letter);
    if (found !== undefined) return { option: `-${letter}`, instead: found.instead };
    if (shortWithValue.includes(letter)) return undefined;
  }
  return undefined;
}

function isOnlyBeginning(option: string, long: string): boolean {
  return long.startsWith(option) && option !== 'statistics' && !longWithValue.includes(option);
}

function takesNextWord(word: string): boolean {
  if (word.startsWith('--')) {
    if (word.includes('=')) return false;
    const option = word.slice(2);
    return longWithValue.includes(option) || refusedWithValue.has(option);
  }
  const letters = word.slice(1).split('');
  const first = letters.findIndex((letter) => shortWithValue.includes(letter));
  return word.startsWith('-') && first !== -1 && first === letters.length - 1;
}

const refusedWithValue = new Set([
  'file',
  'format',
  'compress',
  'jobs',
  'dbname',
  'host',
  'port',
  'username',
  'snapshot',
  'encoding',
  'lock-wait-timeout',
  'section',
]);

/** Splits a text as a shell splits words, without expanding anything; undefined when a quote is never closed. */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) {
      quote = undefined;
    } else if (character === '\\' && quote !== "'" && next !== '' && (quote === undefined || /["\\$`]/.test(next))) {
      word = (word ?? '') + next;
      index += 1;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}
