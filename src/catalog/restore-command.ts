import type { Artifact, Manifest } from './manifest.ts';
import { checked, indent, pipe, readStages, shellQuote } from './unpack-command.ts';

/**
 * True where the commands restore all or nothing. A script that holds large objects is not that: pg_dump puts a BEGIN and
 * a COMMIT of its own round them, which end any transaction that was begun for the whole script.
 */
export function isAllOrNothing(dump: Artifact, contents: Manifest['contents']): boolean {
  return dump.format === 'custom' || contents.objects?.['largeObjects'] === 0;
}

/**
 * The shell commands that check a dump's file in the current folder and restore it into the database that `PGDATABASE`
 * names.
 */
export function restoreCommands(dump: Artifact, contents: Manifest['contents'], sums: string): string {
  const restore =
    dump.format === 'custom'
      ? part(dump, contents.needs ?? { schemas: [], extensions: [] })
      : isAllOrNothing(dump, contents)
        ? transaction(dump)
        : script(dump);
  return checked(dump, sums, restore);
}

/** The shell commands that run the globals on a server that has no roles yet but the login. */
export function globalsCommands(globals: Artifact, sums: string): string {
  const others = `SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> session_user`;
  const refuse = `{ echo 'This server has other roles already, which would be changed.' >&2; exit 1; }`;
  const read = readStages(globals);
  const run = 'psql -X --quiet --output=/dev/null';
  return checked(globals, sums, [
    `test "$(psql -X -A -t -c "${others}")" = 0 || ${refuse}`,
    ...(read.length === 0 ? [`${run} < ${shellQuote(globals.key)}`] : pipe([...read, run])),
  ]);
}

/** An empty --dbname means PGDATABASE as it stands; a name with `=` in it would be taken for a connection string. */
const restoreArchive = [
  'pg_restore --no-owner --no-privileges --exit-on-error \\',
  "  --single-transaction --dbname=''",
].join('\n');

function archive(dump: Artifact, restore = restoreArchive): string[] {
  const read = readStages(dump);
  if (read.length === 0) return [`${restore} ${shellQuote(dump.key)}`];
  return pipe([...read, restore]);
}

type Needs = NonNullable<Manifest['contents']['needs']>;

/**
 * What the dump of a part needs is created before, and then its own entries for those schemas are left out, which would
 * fail: `CREATE SCHEMA` in an archive has no IF NOT EXISTS. Lines of `pg_restore --list` are `number; catalog oid TYPE …`,
 * and 2615 is the catalog of schemas.
 */
function part(dump: Artifact, { schemas, extensions }: Needs): string[] {
  if (schemas.length + extensions.length === 0) return archive(dump);
  const create = [
    'SET client_encoding = UTF8',
    'SET client_min_messages = warning',
    ...schemas.map(({ name }) => `CREATE SCHEMA IF NOT EXISTS ${identifier(name)}`),
    ...extensions.map(
      ({ name, schema }) => `CREATE EXTENSION IF NOT EXISTS ${identifier(name)} WITH SCHEMA ${identifier(schema)}`,
    ),
  ];
  const read = readStages(dump);
  // Whoever closes a pipe early makes the program before it fail.
  const list =
    read.length === 0 ? `pg_restore --list ${shellQuote(dump.key)}` : '{ pg_restore --list && cat > /dev/null; }';
  // Names are in the encoding of the database, which grep must not take for binary data: it would leave out what follows.
  const less = `LC_ALL=C grep -avE '^[0-9]+; 2615 (${schemas.map(({ oid }) => String(oid)).join('|')}) SCHEMA ' > restore.list`;
  return [
    [`${runScript} --single-transaction`, ...create.map((sql) => `  --command=${shellQuote(sql)}`)].join(' \\\n'),
    ...pipe([...read, list, less]),
    ...archive(dump, `${restoreArchive} --use-list=restore.list`),
  ];
}

/** A name in SQL, on one line: control characters could otherwise end a block of commands on the page. */
function identifier(name: string): string {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const odd = /[\p{Cc}\u2028\u2029]/gu;
  if (!odd.test(name)) return quoted;
  const escape = (character: string): string => `\\${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `U&${quoted.replaceAll('\\', '\\\\').replaceAll(odd, escape)}`;
}

const runScript = 'psql -X --quiet --set=ON_ERROR_STOP=1 --output=/dev/null';

function script(dump: Artifact): string[] {
  const read = readStages(dump);
  return read.length === 0 ? [`${runScript} < ${shellQuote(dump.key)}`] : pipe([...read, runScript]);
}

/**
 * psql takes the end of its input for the end of the script, wherever it comes, and so `--single-transaction` would
 * commit half of a dump whose decryption broke off. Here COMMIT is sent only after everything before it has succeeded.
 */
function transaction(dump: Artifact): string[] {
  const read = readStages(dump);
  const lines = read.length === 0 ? [`cat ${shellQuote(dump.key)}`] : pipe(read);
  return ['{', "  echo 'BEGIN;'", ...lines.map(indent), "  echo 'COMMIT;'", `} | ${runScript}`];
}
