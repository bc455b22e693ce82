import { Failure } from '../errors.ts';
import { howItEnded, type StageExit } from '../pipeline/stage.ts';

interface Known {
  readonly pattern: RegExp;
  readonly hint: string;
  readonly retryable: boolean;
}

/** What pg_dump's own words mean for the one who reads them at night; the first that fits is told. */
const known: readonly Known[] = [
  {
    pattern: /canceling statement due to (statement|lock) timeout/,
    hint: 'Another session holds a lock that the dump waits for. Raise LOCK_WAIT_TIMEOUT, or move the backup away from migrations.',
    retryable: true,
  },
  {
    pattern: /row-level security/,
    hint: 'A dump through row-level security would be incomplete. Let the backup role see all rows: ALTER ROLE … BYPASSRLS.',
    retryable: false,
  },
  {
    pattern: /permission denied for large object/,
    hint: 'Let the backup role read every large object: ALTER ROLE … SET lo_compat_privileges = on (as a superuser), or GRANT SELECT ON LARGE OBJECT for each.',
    retryable: false,
  },
  {
    pattern: /permission denied/,
    hint: 'Grant the backup role the right to read everything: GRANT pg_read_all_data TO … (PostgreSQL 14 and later).',
    retryable: false,
  },
  {
    pattern: /conflict with recovery/,
    hint: 'The standby had to apply changes that the dump still needed. Set hot_standby_feedback=on, raise max_standby_streaming_delay, or back up the primary.',
    retryable: true,
  },
  {
    pattern: /server version mismatch/,
    hint: 'Use an image with a newer PostgreSQL client.',
    retryable: false,
  },
  {
    pattern: /out of shared memory|max_locks_per_transaction/,
    hint: 'Raise max_locks_per_transaction on the server: a dump locks every table.',
    retryable: false,
  },
  {
    pattern: /no matching (schemas|tables|extensions)/,
    hint: 'Check SCHEMAS and TABLES against the names in the database.',
    retryable: false,
  },
  {
    pattern: /invalid option|unrecognized option|Try "pg_dump --help"/,
    hint: 'Check PG_DUMP_ARGS against the version of pg_dump.',
    retryable: false,
  },
  {
    pattern: /server closed the connection|terminating connection|connection to server was lost|could not receive data/,
    hint: 'See the log of the server: a restart, a failover, or somebody ended the session.',
    retryable: true,
  },
  {
    pattern: /invalid snapshot identifier/,
    hint: 'The connection that holds the snapshot was lost; see the log of the server.',
    retryable: true,
  },
];

/** The failure of a pg_dump or pg_dumpall that did not exit with 0: its own first error, then its details, then what to do. */
export function explainDump(exit: StageExit, lockWaitTimeoutMs: number): Failure {
  const { stderr, signal, startError } = exit;
  const errors = stderr.filter((line) => /^pg_dump(?:all)?: (error|detail|hint|fatal)\b/.test(line));
  // Of an option that it does not know pg_dump tells without that form, under its whole path.
  const told = (errors.some((line) => !/^pg_dump(?:all)?: hint/.test(line)) ? errors : stderr.slice(-3))
    .slice(0, 4)
    .map((line) => line.replace(/^\S*pg_dump(?:all)?: (error: )?/, ''))
    .join('; ');
  const match = known.find(({ pattern }) => pattern.test(told));
  const lockTimeout =
    told.includes('statement timeout') && lockWaitTimeoutMs > 0
      ? ` (it waited ${String(lockWaitTimeoutMs / 1000)} s)`
      : '';
  return new Failure('dump', `${howItEnded(exit)}${told === '' ? '' : `: ${told}`}${lockTimeout}`, {
    hint: match?.hint ?? (signal ? killedHint(signal) : undefined),
    retryable: match?.retryable,
    cause: startError,
  });
}

/** What a signal that pg_dump ended by most often means; its own words say nothing of it. */
function killedHint(signal: NodeJS.Signals): string {
  switch (signal) {
    case 'SIGKILL':
      return 'Most often the kernel ended it for want of memory: raise the memory limit.';
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGILL':
    case 'SIGABRT':
    case 'SIGFPE':
    case 'SIGSYS':
      return 'It crashed: its files or the memory are damaged, it is made for another processor, or it has a bug. Take the newest image of its major; should that crash too, its makers want to know.';
    case 'SIGXCPU':
    case 'SIGXFSZ':
      return 'A limit of the system (ulimit) ended it: raise it, or take it away.';
    default:
      return 'Somebody, or the platform, ended it alone: see what runs beside the backup in its container, and who may send signals there.';
  }
}
