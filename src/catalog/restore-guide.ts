import prettyBytes from 'pretty-bytes';
import { globalsGuide } from './globals-guide.ts';
import { fileNames } from './keys.ts';
import { lanesCommands } from './lanes-command.ts';
import { lanesOf } from './lanes.ts';
import { type Artifact, dumpOf, dumpsOf, type Manifest } from './manifest.ts';
import { isAllOrNothing, restoreCommands } from './restore-command.ts';
import { code, newTimeoutMajor, restoreHints } from './restore-hints.ts';
import { signatureSection, signerRow } from './signature-guide.ts';
import { shellQuote } from './unpack-command.ts';

/** How somebody with ordinary tools gets at a backup's folder. */
export interface FolderAddress {
  readonly kind: 's3' | 'directory';
  /** For people: `s3://bucket/prefix/shop/20261120T020000Z-k3f9q2`. */
  readonly location: string;
  /** A shell command that copies the folder's files into the current folder. */
  readonly copyCommand: string;
}

const largestShown = 10;

const partText = `
**It holds a part of the database only**: the run that made it was told to leave things out. What the part needs of the
rest (types, functions, tables) must be in the new database before.
`;

/**
 * Counts every table anew and says whether it is as in the manifest. The partitions of a table are counted together: the
 * hash of an enum's value, which decides where its row goes, is another one in each database. Estimates are left out: they
 * prove nothing. Each table is a statement of its own, so that one that cannot be read hides no other.
 */
const compareCommand = String.raw`PGCLIENTENCODING=UTF8 psql -X -A -t -F ' ' << 'END'
\set manifest ${'`cat manifest.json`'}
SELECT format($$SELECT CASE n WHEN %1$s THEN 'same' ELSE 'DIFFERENT, not %1$s:' END, %2$L, n FROM (SELECT %3$s) AS t (n)$$,
  sum(rows), min(t) || CASE count(*) WHEN 1 THEN '' ELSE format(' and %s more partitions', count(*) - 1) END,
  string_agg(format('(SELECT count(*) FROM ONLY %I.%I)', schema, name), ' + '))
FROM json_to_recordset(:'manifest'::json #> '{contents,tables}') AS r (schema text, name text, rows bigint, exact boolean),
  concat(schema, '.', name) AS t, to_regclass(format('%I.%I', schema, name)) AS found
GROUP BY coalesce(pg_partition_root(found)::text, t) HAVING bool_and(exact) ORDER BY sum(rows) DESC, min(t)
\gexec
END`;

/**
 * The content of RESTORE.md: the exact commands, with stock tools only, for this very backup. The blocks fenced as `sh`,
 * run one after the other in one bash, restore it; the tests and the demo do just that.
 * @param isSigned signatures lie beside it.
 */
export function restoreGuide(manifest: Manifest, folder: FolderAddress, isSigned = false): string {
  const dump = dumpOf(manifest);
  const lanes = lanesOf(manifest);
  const localFolder = shellQuote(`restore-${manifest.id}`);
  return `# Restore this backup

Backup ${code(manifest.id)} of database ${code(manifest.database)}, begun ${manifest.startedAt}, from PostgreSQL
${manifest.server.version}. **What was written after that moment is not in it.** It is stored in
${code(folder.location)} and needs nothing of the tool that made it.
${manifest.contents.needs ? partText : ''}
You need ${needs(manifest, dump, folder)}.

## 1. Say where to

Make a new, empty database, for example with \`createdb --template=template0 ${encoding(manifest)} NAME\`.
Then \`export\` these in a bash:

| variable | value |
| --- | --- |
| \`PGHOST\`, \`PGPORT\`, \`PGUSER\`, \`PGPASSWORD\` | a server of PostgreSQL ${String(oldestTarget(manifest, dump))} or newer, and the login that is to own everything |
| \`PGDATABASE\` | the name of the new database |
${keyRow(dump)}${isSigned ? signerRow : ''}${storeRow(folder)}
## 2. Get the files

\`\`\`sh
mkdir -p ${localFolder} && cd ${localFolder}
${folder.copyCommand}
\`\`\`

${isSigned ? signatureSection(manifest) : ''}## 3. Check and restore

\`sha256sum\` must print \`OK\`${lanes ? ' for each file' : ''}; if it says \`FAILED\`, the file is damaged and nothing is restored: take another backup.
${onError(manifest, dump)}

\`\`\`sh
${lanes ? lanesCommands(lanes, fileNames.sums) : restoreCommands(dump, manifest.contents, fileNames.sums)}
\`\`\`

All is well unless a line with \`ERROR\` or \`error:\` follows; a \`WARNING\` stops nothing.

## 4. Look at what came back

\`\`\`sh
psql -X -q -c 'ANALYZE' || echo 'Some table has no statistics, which makes queries slower but loses nothing.'
${compareCommand}
\`\`\`

Every line must begin with \`same\`: it stands for a table, with all of its partitions, whose rows were counted here and in
the backup. Tables whose rows were only estimated for the backup are left out. ${contents(manifest)}
${globalsGuide(manifest)}
## If something is in the way

${restoreHints(manifest, dump)
  .map((hint) => `- ${hint}`)
  .join('\n')}
`;
}

/** What an error leaves behind. */
function onError(manifest: Manifest, dump: Artifact): string {
  const isLanes = lanesOf(manifest) !== undefined;
  if (isLanes || !isAllOrNothing(dump, manifest.contents)) {
    return `${isLanes ? lanesText : ''}On any error the exit code is not 0. Then drop the database, which holds a part, and make a new one for another try.`;
  }
  return manifest.contents.needs
    ? 'All or nothing: on any error the exit code is not 0 and the database has empty schemas and extensions at most.'
    : 'All or nothing: on any error the exit code is not 0 and the database stays empty.';
}

const lanesText = `The dump is in several archives: one with the definitions, the others with the rows. They come from one moment. The rows
are loaded side by side, four archives at once; then indexes and constraints are made.
`;

function needs(manifest: Manifest, dump: Artifact, folder: FolderAddress): string {
  const list = [
    folder.kind === 's3' ? 'the AWS command line (`aws`, or any other S3 client)' : undefined,
    { age: '`age`', gpg: '`gpg`', 'gpg-passphrase': '`gpg`', none: undefined }[dump.encryption],
    { zstd: '`zstd`', gzip: '`gzip`', none: undefined }[dump.compression],
    `PostgreSQL's own client programs, version ${String(manifest.client.major)} or newer`,
    `${prettyBytes(dumpsOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0))} of disk here`,
    `about ${prettyBytes(manifest.server.databaseBytes)} on the server`,
  ].filter((entry) => entry !== undefined);
  return `${list.slice(0, -1).join(', ')} and ${list.at(-1) ?? ''}`;
}

/**
 * A script holds settings that only servers of the client's major know; an archive is adapted when it is restored,
 * by a pg_restore that is no older than the pg_dump was.
 */
function oldestTarget({ server, client }: Manifest, dump: Artifact): number {
  if (dump.format === 'plain') return Math.max(server.major, client.major);
  return client.major < newTimeoutMajor ? server.major : Math.max(server.major, newTimeoutMajor);
}

/** Encodings in which every byte means something. In the others a database may hold bytes that no conversion takes. */
const convertible = /^(?:UTF8|LATIN[129]|KOI8[RU])$/;

function encoding({ server }: Manifest): string {
  return convertible.test(server.encoding) ? '--encoding=UTF8' : `--encoding=${shellQuote(server.encoding)} --locale=C`;
}

function keyRow(dump: Artifact): string {
  switch (dump.encryption) {
    case 'age':
      return '| `AGE_IDENTITY_FILE` | full path of the file with the private key of one of the recipients (`AGE-SECRET-KEY-1…`, or an SSH key) |\n';
    case 'gpg':
      return '| `GNUPGHOME` | only if the private key is not in your usual key ring: full path of the one it is in |\n';
    case 'gpg-passphrase':
      return '| `GPG_PASSPHRASE_FILE` | full path of a file with the passphrase on its first line |\n';
    case 'none':
      return '';
  }
}

function storeRow(folder: FolderAddress): string {
  return folder.kind === 's3'
    ? '| `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` | keys that may list and read the bucket, unless `aws` is logged in already |\n'
    : '';
}

function contents(manifest: Manifest): string {
  const { tables } = manifest.contents;
  const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const largest = tables.toSorted((a, b) => (b.rows ?? 0) - (a.rows ?? 0)).slice(0, largestShown);
  const count = tables.length === 1 ? '1 table' : `${String(tables.length)} tables`;
  const text = `The backup holds ${count} with contents and ${number(rows)} rows, counted in the
snapshot that was dumped; all counts stand in \`${fileNames.manifest}\`.`;
  if (largest.length === 0) return text;
  const lines = largest.map(({ schema, name, rows: n, exact }) => {
    const shown = n === null ? 'not counted' : `${exact ? '' : 'about '}${number(n)}`;
    return `| ${cell(schema)} | ${cell(name)} | ${shown} |`;
  });
  return [text, '', '| schema | table | rows |', '| --- | --- | ---: |', ...lines].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function cell(text: string): string {
  return code(text).replaceAll('|', String.raw`\|`);
}
