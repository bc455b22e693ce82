import type { Lanes } from './lanes.ts';
import type { Artifact } from './manifest.ts';
import { checked, indent, pipe, readStages, shellQuote } from './unpack-command.ts';

/** How many at once the commands restore. */
const atOnce = 4;

/**
 * Triggers and comments, as lines of `pg_restore --list`: where a partition's trigger is switched off, an archive does not
 * say that it needs the trigger of the whole table first, and what an event trigger does it must do to nothing of the
 * restore. 2620 and 3466 are their catalogs; a comment is of none.
 */
const alone = '^[0-9]+; ((2620|3466) |0 0 COMMENT )';

/**
 * The shell commands that check the files of lanes in the current folder and restore them into the database that
 * `PGDATABASE` names: definitions, contents side by side, then indexes and constraints side by side. Takes bash.
 */
export function lanesCommands({ schema, data }: Lanes, sums: string): string {
  const names = data.toSorted((a, b) => b.bytes - a.bytes).map(({ key }) => shellQuote(key));
  return checked(schema, sums, [
    ...unpackFunction(schema),
    // An empty --dbname means PGDATABASE as it stands.
    `load() { pg_restore --no-owner --no-privileges --exit-on-error --dbname='' "$@"; }`,
    // After this status xargs begins nothing more.
    'contents() { unpack "$1" | load --single-transaction || exit 255; }',
    'export -f unpack load contents',
    `unpack ${shellQuote(schema.key)} > schema.dump`,
    'load --single-transaction --section=pre-data schema.dump',
    `printf '%s\\n' ${names.join(' \\\n  ')} |\n  xargs -P ${String(atOnce)} -I '{}' bash -o pipefail -c 'contents {}'`,
    'pg_restore --list schema.dump > schema.list',
    // Names are in the encoding of the database: grep must take them neither for binary data nor apart.
    `{ LC_ALL=C grep -avE '${alone}' schema.list || true; } > first.list`,
    `{ LC_ALL=C grep -aE '${alone}' schema.list || true; } > last.list`,
    `load --jobs=${String(atOnce)} --section=post-data --use-list=first.list schema.dump`,
    'load --single-transaction --section=post-data --use-list=last.list schema.dump',
  ]);
}

function unpackFunction(lane: Artifact): string[] {
  const stages = readStages(lane, '"$1"');
  return ['unpack() {', ...pipe(stages.length === 0 ? ['cat "$1"'] : stages).map(indent), '}'];
}
