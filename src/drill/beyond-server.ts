import { superuserHint } from './superuser-role.ts';

/** Where a drill restores to. */
export interface Place {
  /** The server of DRILL_DATABASE_URL, not one of our own. */
  readonly elsewhere: boolean;
  /** By psql, as one script, of which nothing can be left out. */
  readonly plain: boolean;
}

type Known = readonly [pattern: RegExp, hint: (place: Place, message: string) => string];

const otherServer = 'set DRILL_DATABASE_URL to a server that may be used for drills and';
const seeLog = 'See the log of the server of DRILL_DATABASE_URL: a restart, or somebody ended it.';
const noMemory = `Too little memory is the usual reason: raise the memory limit, or ${otherServer} has more.`;

/** The server's words for what it cannot do, whatever the backup is like; the first that fits is told. */
const known: readonly Known[] = [
  [
    /shared_preload_libraries|must be preloaded/,
    () => `The server has to load that library when it starts: ${otherServer} does.`,
  ],
  [/collation "[^"]*".* does not exist|could not (?:create locale|open collator)|invalid locale name/, lacksLocale],
  [/role "[^"]*" does not exist/, lacksRole],
  [
    /could not connect to server "|could not establish connection/,
    () =>
      `Something of it reads from another server, as a materialized view of a foreign table does: ${otherServer} reaches that one.`,
  ],
  [
    /permission denied|must be (?:superuser|owner|a superuser)|only (?:a )?superusers?\b|only roles with|superuser-only|transition data type cannot be internal/i,
    ({ elsewhere }) =>
      elsewhere ? 'Let the user of DRILL_DATABASE_URL do that, or use the login of a superuser there.' : superuserHint,
  ],
  [
    /is not available|could not (?:open extension control file|access file|load library)/,
    () => `Install it beside the server (PG_EXTRA_PACKAGES when the image is built), or ${otherServer} has it.`,
  ],
  [
    /unrecognized configuration parameter|unsupported version/,
    () => `The server or its client is older than the dump: use an image with newer ones, or ${otherServer} is.`,
  ],
  [
    /No space left|could not extend file/,
    ({ elsewhere }) =>
      elsewhere
        ? 'The disk of the server of DRILL_DATABASE_URL is full.'
        : 'Mount a larger folder and set TMPDIR to it: it takes the whole database.',
  ],
  [/out of memory|was killed by/, () => noMemory],
  [/server closed the connection|terminating connection/, ({ elsewhere }) => (elsewhere ? seeLog : noMemory)],
  [/could not be started/, () => 'The client of PostgreSQL is damaged, or made for another machine: see doctor.'],
];

/** What to do where the server's words say that it was not able to try; undefined where the backup may be at fault. */
export function beyondServer(message: string, place: Place): string | undefined {
  return known.find(([pattern]) => pattern.test(message))?.[1](place, message);
}

function lacksLocale(_place: Place, message: string): string {
  const name = /(?:collation|locale name:|locale) "([^"]+)"/.exec(message)?.[1] ?? '';
  const [, language, charset = 'UTF-8'] = /^([a-z]{2,3}_[A-Z]{2})(?:\.([\w-]+))?$/.exec(name) ?? [];
  const locale = language === undefined ? name : `${language}.${/^utf-?8$/i.test(charset) ? 'UTF-8' : charset}`;
  return `The server lacks the locale ${locale}: add it to PG_LOCALES when the image is built, or ${otherServer} has it.`;
}

function lacksRole({ elsewhere, plain }: Place): string {
  if (elsewhere) return 'Create the role on the server of DRILL_DATABASE_URL.';
  return plain
    ? 'A plain dump names its owners; one with BACKUP_FORMAT=custom is drilled without them.'
    : `Create the role on a server that may be used for drills, and set DRILL_DATABASE_URL to it.`;
}
