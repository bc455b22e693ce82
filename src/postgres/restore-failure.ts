import { Failure } from '../errors.ts';
import { howItEnded, type StageExit } from '../pipeline/stage.ts';

const withSearchPath = `pg_restore --no-owner --no-privileges --file=- | sed "1,/search_path/s/'search_path', ''/'search_path', 'public'/" | psql -X -1 -v ON_ERROR_STOP=1`;

/** What the words of pg_restore and psql mean for the one who restores; the first that fits is told. */
const known: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /permission denied to (create|alter|change owner of|drop) event trigger/,
    "Only a superuser may do that. Log in as one, or add --leave-out 'EVENT TRIGGER'.",
  ],
  [
    /permission denied to change default privileges/,
    "Log in as a member of that role, or restore without --with-owners, or add --leave-out 'DEFAULT ACL'.",
  ],
  [
    /must be superuser to create (a )?(FOR ALL TABLES|FOR TABLES IN SCHEMA)/,
    'Log in as a superuser, or add --leave-out PUBLICATION.',
  ],
  [
    /must be superuser to create subscriptions|permission denied to create subscription/,
    'Log in as a superuser, or add --leave-out SUBSCRIPTION.',
  ],
  [
    /permission denied to create foreign-data wrapper|must be superuser to create a foreign-data wrapper/,
    'Create the foreign-data wrapper as a superuser first (most come with an extension).',
  ],
  [/permission denied for language (c|internal)\b/, 'Only a superuser may create functions in it. Log in as one.'],
  [
    /permission denied for (language|foreign-data wrapper|foreign server)/,
    'Let a superuser grant USAGE on it to the role that restores.',
  ],
  [/must be superuser to create (a )?base type/, 'Log in as a superuser.'],
  [
    /no security label providers have been loaded|security label provider .* is not loaded/,
    "Load the provider on the target server, or add --leave-out 'SECURITY LABEL'.",
  ],
  [
    /permission denied for (table|sequence) /,
    'It belongs to somebody else, as a table of an extension does. Let its owner grant INSERT on it, or leave its rows out, for example --leave-out "TABLE DATA public.spatial_ref_sys".',
  ],
  [
    /permission denied for (schema|database) /,
    'Let its owner grant CREATE on it to the role that restores, or restore as the owner of the database.',
  ],
  [
    /type "[^"]*" does not exist|function .* does not exist|relation "[^"]*" does not exist/,
    `A part of a dump lacks what it uses of the rest: restore that first. In a whole restore, either an extension is in another schema than in the source, or a function finds things by the search_path, which is empty while a dump is loaded. Then restore with stock tools that set it: RESTORE.md with, in place of its pg_restore, ${withSearchPath} (see docs/RESTORING.md); or leave the index, constraint or view that calls it out with --leave-out and make it afterwards. In the source say ALTER FUNCTION … SET search_path.`,
  ],
  [/must be owner of schema/, 'Log in as the owner of the schema or of the database.'],
  [
    /backslash commands are restricted|\\unrestrict: wrong key/,
    'The dump holds a command for psql itself, which pg_dump never writes: somebody wants to run programs here. It was not run. Find out who can write to the store.',
  ],
  [/must be owner of extension/, 'The provider owns the extension. Add --no-comments.'],
  [/role "[^"]*" does not exist/, 'Create the role first, or restore without --with-owners.'],
  [
    /must be (a )?member of role|must be able to SET ROLE/,
    'Log in as a superuser or a member of that role (--globals-only makes the roles; then GRANT that_role TO CURRENT_USER; then restore --with-owners), or restore without --with-owners.',
  ],
  [
    /permission denied to create extension|extension "[^"]*" is not available/,
    'Install the extension on the target server, or create it there as a superuser first.',
  ],
  [
    /cannot drop inherited constraint/,
    'PostgreSQL cannot drop a part of this schema alone (--clean); nothing was changed. Restore into a new database.',
  ],
  [
    /cannot drop .* because other objects depend on it/,
    'Something besides the dump depends on what --clean drops; nothing was changed. Restore into a new database.',
  ],
  [/already exists/, 'The target is not empty after all: something else writes into it.'],
  [
    /unrecognized configuration parameter "transaction_timeout"/,
    'The dump was made for a newer server. Restore into PostgreSQL 17 or newer.',
  ],
  [
    /unsupported version .* in file header/,
    'The dump was made by a newer pg_dump. Use an image with that PostgreSQL client.',
  ],
  [/No space left on device|could not extend file/, 'The disk of the target server is full.'],
  [
    /server closed the connection|terminating connection/,
    'See the log of the target server: a restart, or somebody ended the session.',
  ],
];

const unknown =
  'This error is not one that pg-offsite knows, so it may matter. Where it does not, leave the entry that it names out with --leave-out, and please report it.';

/** The failure of a restore that was stopped by the server or by pg_restore itself: its first error, then what to do. */
export function explainRestore(exit: StageExit): Failure {
  const { stderr, startError } = exit;
  const errors = stderr.filter((line) => /\b(error|ERROR|FATAL|DETAIL|detail)\b/.test(line));
  const told = (errors.length > 0 ? errors : stderr.slice(-3))
    .slice(0, 3)
    .map((line) => line.replace(/^pg_restore: (error: )?|^psql:\S*: /, ''))
    .join('; ');
  return new Failure('dump', `${howItEnded(exit)}${told === '' ? '' : `: ${told}`}`, {
    hint:
      known.find(([pattern]) => pattern.test(told))?.[1] ??
      (exit.stage.name === 'pg_restore' && !startError ? unknown : undefined),
    retryable: false,
    cause: startError,
  });
}
