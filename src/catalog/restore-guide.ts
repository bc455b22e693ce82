import prettyBytes from 'pretty-bytes';
import { fileNames } from './keys.ts';
import type { Artifact, Manifest } from './manifest.ts';

/** How somebody with ordinary tools gets at a backup's folder. */
export interface FolderAddress {
  /** For people: `s3://bucket/prefix/shop/20261120T020000Z-k3f9q2/`. */
  readonly location: string;
  /** A shell command that copies the folder's files into the current folder. */
  readonly copyCommand: string;
}

/** A value as one word of a POSIX shell. */
export function shellQuote(value: string): string {
  return /^[A-Za-z0-9_/.:=@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * The content of RESTORE.md: the exact commands, with stock tools only, for this very backup. The fenced blocks, run one
 * after the other in one bash, restore it; the tests do just that.
 */
export function restoreGuide(manifest: Manifest, folder: FolderAddress): string {
  const dump = manifest.artifacts[0];
  if (!dump) throw new Error('a manifest has at least one artifact');
  const exactRows = manifest.contents.tables.reduce((sum, { rows, exact }) => sum + (exact ? (rows ?? 0) : 0), 0);
  const extensions = manifest.contents.extensions.filter(({ name }) => name !== 'plpgsql');
  return `# Restore this backup

Backup \`${manifest.id}\` of database \`${manifest.database}\`, begun ${manifest.startedAt}, from PostgreSQL
${manifest.server.version}. It is stored in ${folder.location} and needs nothing of the tool that made it.

You need ${needs(manifest, dump)}.

Set these in your shell first; the commands below read them:

| variable | value |
| --- | --- |
| \`PGHOST\`, \`PGPORT\`, \`PGUSER\`, \`PGPASSWORD\` | the server to restore into, and a login that owns the new database |
| \`PGDATABASE\` | the name of a new, empty database there (\`createdb\` makes it) |
${keyRow(dump)}
## 1. Get the files

\`\`\`sh
mkdir -p ${shellQuote(`restore-${manifest.id}`)} && cd ${shellQuote(`restore-${manifest.id}`)}
${folder.copyCommand}
\`\`\`

## 2. Check that they are whole

This must print \`OK\`. If it does not, stop: restore another backup.

\`\`\`sh
sha256sum -c ${fileNames.sums}
\`\`\`

## 3. Restore

All or nothing: on any error the database stays empty and the last exit code is not 0.

\`\`\`sh
set -o pipefail
${restoreCommand(dump)}
\`\`\`

${owners(dump)}

## 4. Look at what came back

\`\`\`sh
psql -X -c 'ANALYZE'
psql -X -c 'SELECT schemaname, relname, n_live_tup FROM pg_stat_user_tables ORDER BY 3 DESC LIMIT 20'
\`\`\`

The backup holds ${String(manifest.contents.tables.length)} tables with contents, ${exactRows.toLocaleString('en-US')} rows counted exactly; each table's count stands in
\`${fileNames.manifest}\`.${extensions.length === 0 ? '' : `\nThe server must offer these extensions: ${extensions.map(({ name, version }) => `${name} (${version})`).join(', ')}.`}
Roles and their passwords belong to the server, not to a database: they are not in this backup.
`;
}

function needs(manifest: Manifest, dump: Artifact): string {
  const programs = {
    zstd: '`zstd`',
    gzip: '`gzip`',
    none: undefined,
  }[dump.compression];
  const cipher = { age: '`age`', gpg: '`gpg`', 'gpg-passphrase': '`gpg`', none: undefined }[dump.encryption];
  const list = [
    `PostgreSQL's own client programs, version ${String(manifest.client.major)} or newer`,
    programs,
    cipher,
    `${prettyBytes(dump.bytes)} of disk`,
  ].filter((entry) => entry !== undefined);
  return `${list.slice(0, -1).join(', ')} and ${list.at(-1) ?? ''}`;
}

function keyRow(dump: Artifact): string {
  switch (dump.encryption) {
    case 'age':
      return '| `AGE_IDENTITY_FILE` | the file with the private key of one of the recipients (`AGE-SECRET-KEY-1…`, or an SSH key) |\n';
    case 'gpg':
      return '| `GNUPGHOME` | only if the private key is not in your usual key ring |\n';
    case 'gpg-passphrase':
      return '| `GPG_PASSPHRASE_FILE` | a file with the passphrase on its first line |\n';
    case 'none':
      return '';
  }
}

function restoreCommand(dump: Artifact): string {
  const file = shellQuote(dump.key);
  const decrypt = {
    none: undefined,
    age: `age --decrypt --identity "$AGE_IDENTITY_FILE" ${file}`,
    gpg: `gpg --batch --decrypt ${file}`,
    'gpg-passphrase': `gpg --batch --pinentry-mode loopback --passphrase-file "$GPG_PASSPHRASE_FILE" --decrypt ${file}`,
  }[dump.encryption];
  const input = decrypt === undefined ? ` < ${file}` : '';
  const decompress = { zstd: 'zstd -d -c', gzip: 'gzip -d -c', none: undefined }[dump.compression];
  const load =
    dump.format === 'custom'
      ? 'pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname="$PGDATABASE"'
      : 'psql -X --quiet --set ON_ERROR_STOP=1 --single-transaction --output /dev/null';
  const stages = [decrypt, decompress, load].filter((stage) => stage !== undefined);
  return `${stages[0] ?? ''}${input}${stages
    .slice(1)
    .map((stage) => ` |\n  ${stage}`)
    .join('')}`;
}

function owners(dump: Artifact): string {
  return dump.format === 'custom'
    ? 'To keep owners and grants, create the roles first and leave out `--no-owner --no-privileges`. Where the provider owns\nthe extensions, add `--no-comments`.'
    : 'A plain dump sets owners and grants: create the roles that it names first.';
}
