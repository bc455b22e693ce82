import type { Artifact, Manifest } from './manifest.ts';

/** A value as one word of a POSIX shell. */
export function shellQuote(value: string): string {
  return /^[A-Za-z0-9_/.:=@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * True where the commands restore all or nothing. A script that holds large objects is not that: pg_dump puts a BEGIN and
 * a COMMIT of its own round them, which end any transaction that was begun for the whole script.
 */
export function isAllOrNothing(dump: Artifact, contents: Manifest['contents']): boolean {
  return dump.format === 'custom' || contents.objects?.['largeObjects'] === 0;
}

/**
 * The shell commands that check a dump's file in the current folder and restore it into the database that `PGDATABASE`
 * names. In a subshell, so that the first failure ends them without closing the terminal that they were pasted into.
 */
export function restoreCommands(dump: Artifact, contents: Manifest['contents'], sums: string): string {
  const required = ['PGDATABASE', ...requiredVariables[dump.encryption]];
  const restore =
    dump.format === 'custom' ? archive(dump) : isAllOrNothing(dump, contents) ? transaction(dump) : script(dump);
  const lines = [
    'set -e -o pipefail',
    `: ${required.map((name) => `"\${${name}:?is not set}"`).join(' ')}`,
    `sha256sum -c ${sums}`,
    ...restore,
  ];
  return ['(', ...lines.map(indent), ')'].join('\n');
}

/** The variables that decrypting needs, by kind of encryption. */
const requiredVariables = {
  none: [],
  age: ['AGE_IDENTITY_FILE'],
  gpg: [],
  'gpg-passphrase': ['GPG_PASSPHRASE_FILE'],
} as const;

/** An empty --dbname means PGDATABASE as it stands; a name with `=` in it would be taken for a connection string. */
const restoreArchive = [
  'pg_restore --no-owner --no-privileges --exit-on-error \\',
  "  --single-transaction --dbname=''",
].join('\n');

function archive(dump: Artifact): string[] {
  const read = readStages(dump);
  if (read.length === 0) return [`${restoreArchive} ${shellQuote(dump.key)}`];
  return pipe([...read, restoreArchive]);
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

/** The programs that turn the file into what pg_dump wrote; the first of them names the file. */
function readStages(dump: Artifact): string[] {
  const file = shellQuote(dump.key);
  const decrypt = {
    none: undefined,
    age: `age --decrypt --identity "$AGE_IDENTITY_FILE" ${file}`,
    gpg: `gpg --quiet --batch --decrypt ${file}`,
    'gpg-passphrase': `gpg --quiet --batch --pinentry-mode loopback --passphrase-file "$GPG_PASSPHRASE_FILE" --decrypt ${file}`,
  }[dump.encryption];
  const from = decrypt === undefined ? ` < ${file}` : '';
  const decompress = { zstd: `zstd -d -c${from}`, gzip: `gzip -d -c${from}`, none: undefined }[dump.compression];
  return [decrypt, decompress].filter((stage) => stage !== undefined);
}

function pipe(stages: readonly string[]): string[] {
  return stages.map(
    (stage, index) => `${index === 0 ? stage : indent(stage)}${index === stages.length - 1 ? '' : ' |'}`,
  );
}

function indent(lines: string): string {
  return lines.replaceAll(/^/gm, '  ');
}
