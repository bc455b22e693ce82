import { lanesOf } from './lanes.ts';
import { type Artifact, globalsOf, type Manifest } from './manifest.ts';

/** From this major on pg_restore first sets `transaction_timeout`, which older servers do not know, whatever the archive. */
export const newTimeoutMajor = 17;

/** What may be in the way of a restore and what to do then, an item each, in Markdown. */
export function restoreHints(manifest: Manifest, dump: Artifact): string[] {
  const extensions = manifest.contents.extensions.filter(({ name }) => name !== 'plpgsql');
  const list = extensions.map(({ name, version }) => `${code(name)} (${version})`).join(', ');
  const common = [
    ...(globalsOf(manifest)
      ? [
          '`in a read-only transaction`: a setting of the database, come with the roles. Before another try\n  `export PGOPTIONS="-c default_transaction_read_only=off"`.',
        ]
      : ['Roles and their passwords belong to a server, not to a database: they are not in this backup.']),
    ...(list === '' ? [] : [`The server must offer these extensions: ${list}.`]),
  ];
  if (dump.format === 'plain') {
    return [
      ...common,
      `\`role … does not exist\`: a plain dump sets owners and grants. ${globalsOf(manifest) ? 'Run the block about roles first' : 'Create the role (`createuser --no-login NAME`)'} and begin again.`,
      '`invalid command \\restrict`: this psql is older than August 2025; use a newer minor release.',
    ];
  }
  return [
    ...common,
    ...(globalsOf(manifest)
      ? []
      : ['To keep owners and grants, create the roles first and leave out `--no-owner --no-privileges`.']),
    ...(manifest.client.major < newTimeoutMajor
      ? [
          `\`unrecognized configuration parameter "transaction_timeout"\`: client programs of 17 and newer restore into no older\n  server. Use those of PostgreSQL ${String(manifest.client.major)}.`,
        ]
      : []),
    '`must be owner of extension` or `of schema`: the provider owns it; add `--no-comments`.',
    ...(lanesOf(manifest) ? lanesHints : archiveHints),
  ];
}

const archiveHints = [
  '`out of shared memory`: one transaction holds a lock for each object. Raise `max_locks_per_transaction`, or leave out\n  `--single-transaction`, and make a new database before another try.',
  'One table only: add `--table=NAME`. A list of everything: `pg_restore --list` in place of the last command.',
  'Faster: end the pipe in `> database.dump` in place of pg_restore, then run pg_restore on that file with `--jobs=4` in place\n  of `--single-transaction`.',
];

const lanesHints = [
  '`out of shared memory`: one transaction holds a lock for each object. Raise `max_locks_per_transaction`, or leave out\n  `--single-transaction`, and make a new database before another try.',
  '`too many connections`: write a smaller number than 4 after `-P` and `--jobs=`; a larger one is faster where there are cores.',
  'One table only: decrypt and decompress each file with rows as `unpack` does, and end the pipe in\n  `pg_restore --data-only --table=NAME`; definitions are in `schema.dump`.',
];

/** Any text as code within a line: a database's name may hold line breaks, and must not be able to add commands here. */
export function code(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  const longestRun = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longestRun + 1);
  return longestRun === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}
