import { toolVersion } from '../version.ts';
import type { Command } from './command.ts';

/** What an option does, in every command that has it. */
const optionWords: Readonly<Record<string, string>> = {
  '--all': 'every backup, or every database; with list also what is no backup',
  '--allow-missing-extension': 'go on without this extension, or without any that the server does not have',
  '--apply': 'put the rules into the bucket',
  '--clean': 'first drop from the target what the dump holds',
  '--confirm': 'the name of the target database, as proof that --clean is meant',
  '--create': 'make the target database first',
  '--data-only': 'rows, and no definitions',
  '--database': 'only backups of this database',
  '--dry-run': 'show what would be removed, and remove nothing',
  '--globals': 'first the roles, memberships and tablespaces that the server lacks; last the settings of the database',
  '--globals-only': 'those roles, memberships and tablespaces, and no database',
  '--fleet': 'every member of the FLEET_FILE, each in its own folder',
  '--grace': 'how long after its time a backup may be finished',
  '--jobs': 'sessions that make indexes and constraints at once, and load lanes at once',
  '--json': 'for scripts',
  '--last': 'the newest so many backups',
  '--leave-out': 'a kind of object that is not restored',
  '--max-age': 'how old the newest backup may be, where there is no schedule',
  '--member': 'this member of the FLEET_FILE: its folder and its settings',
  '--no-comments': 'leave out comments on objects',
  '--no-proof': 'record nothing beside the backup',
  '--noncurrent-days': 'how long a bucket with versions keeps removed ones',
  '--now': 'make a backup at once, and then by the schedule',
  '--out': 'the file to write; standard output when left out',
  '--proved': 'demand a fresh drill that passed, too',
  '--sample': 'a random part of the backups',
  '--schema': 'only this schema',
  '--schema-only': 'definitions, and no rows',
  '--scratch': 'a folder for the decoded dump, from which several sessions load rows at once',
  '--superuser': 'restore as a superuser of the scratch server',
  '--table': 'only this table, view or sequence: orders, or sales.orders',
  '--test': 'send a sample that says it is one',
  '--with-owners': 'give objects the owners and grants that they had',
  '--yes': 'remove also where it is more than half of all',
};

/** What `pg-offsite COMMAND --help` prints: what the command does, its usage, and what each option in it does. */
export function commandHelp({ summary, usage }: Command): string {
  const options = [...new Set(usage.match(/--[a-z-]+/g))];
  const width = Math.max(...options.map(({ length }) => length)) + 2;
  const lines = options.map((option) => `  ${option.padEnd(width)}${optionWords[option] ?? ''}\n`);
  const settings = 'Everything else is set by environment variables: see the README.';
  return `${summary}\n\nusage: pg-offsite ${usage}\n\n${lines.length > 0 ? `${lines.join('')}\n` : ''}${settings}\n`;
}

/** What `pg-offsite --help` prints: every command, the variables that everybody needs, and an example. */
export function generalHelp(commands: Readonly<Record<string, Command>>): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return `pg-offsite ${toolVersion}: PostgreSQL backups into a bucket you own

usage: pg-offsite [command] [options]

${lines.join('\n')}

pg-offsite COMMAND --help tells its options. Everything else is set by environment variables:

  DATABASE_URL        postgresql://user:password@host:5432/database
  BACKUP_DESTINATION  s3://bucket/prefix
  AGE_RECIPIENTS      the public key to encrypt to, age1…

for example, with those three and the keys of the bucket in backup.env:

  docker run --rm --env-file backup.env pg-offsite

The README tells all of them.
`;
}
