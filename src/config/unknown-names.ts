import { distance } from 'fastest-levenshtein';
import { type Environment, knownNames } from './environment.ts';
import type { Findings } from './findings.ts';
import type { VariableName } from './variables.ts';

/** Names of settings that this version does not have yet: better told than silently without effect. */
const notSupported = /^JOBS(?:_FILE)?$/;

/** Names by which other backup images are told when to run. */
const schedules =
  /^(?:SCHEDULE|CRON|CRON_SCHEDULE|BACKUP_CRON_SCHEDULE|BACKUP_CRON_EXPRESSION|CRON_EXPRESSION|BACKUP_CRON)$/;

/** Beginnings that nobody but this program uses. */
const ours = /^(?:S3|BACKUP|PG_DUMP|PGDUMP|AGE|GPG|KEEP|COMPRESSION|SHRINK|STALL|SCHEDULE|NOTIFY|TELEGRAM)_/;

/** Names of other programs that look like ours: libpq, the AWS SDK, gpg, other base images, Kubernetes service links. */
const ordinary =
  /^(?:AWS_ENDPOINT_URL_.*|GPG_(?:TTY|AGENT_INFO|KEYS?)|PG[A-Z]+|.*_SERVICE_(?:HOST|PORT.*)|.*_PORT(?:_\d+_(?:TCP|UDP).*)?|POSTGRES_(?:INITDB_.*|HOST_AUTH_METHOD)|DATABASE_(?:HOST|PORT|USER|NAME|PASSWORD))$/;

/** Settings that this program does not honour and whose user would get another backup than the one asked for. */
const refused: Readonly<Record<string, string>> = {
  DATABASES: 'one run backs up one database: set DATABASE_URL, and start a job for each',
  PGSERVICE: 'set DATABASE_URL, or PGHOST, PGUSER and PGDATABASE',
  PGHOSTADDR: 'set the address as PGHOST',
};

/** Warns about every name that looks like one of ours but is not read, and refuses those that would mislead a run. */
export function checkUnknownNames(env: Environment, encrypted: boolean, findings: Findings): void {
  const known = knownNames();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.trim() === '' || known.has(name)) continue;
    const advice = refused[name];
    if (advice !== undefined) findings.problem(`${name} is not supported; ${advice}`);
    else if (notSupported.test(name)) {
      const isDefault = name === 'JOBS' && value.trim() === '1';
      if (!isDefault) findings.warn(`${name} is not supported by this version and has no effect`);
    } else if (schedules.test(name)) {
      findings.warn(
        `${name} has no effect: the platform's cron starts each backup, or the command schedule at BACKUP_SCHEDULE`,
      );
    } else checkName(name, known, encrypted, findings);
  }
}

const encryptionNames: readonly string[] = [
  'AGE_RECIPIENTS',
  'GPG_PUBLIC_KEYS',
  'GPG_PASSPHRASE',
] satisfies VariableName[];

function checkName(
  name: string,
  known: ReadonlyMap<string, VariableName>,
  encrypted: boolean,
  findings: Findings,
): void {
  const nearest = findNearest(name, known);
  // A typing error may also have hit a libpq name, which then looks like any other of libpq's.
  const isNearLibpq = /^PG[A-Z]{4,}$/.test(name) && !libpqNames.has(name) && nearest.steps <= 2;
  const isNear = isNearLibpq || (nearest.steps <= allowedSteps(nearest.name) && !ordinary.test(name));
  const looksOurs = ours.test(name) && !ordinary.test(name);
  if (!isNear && !looksOurs) return;
  if (isNear && findings.meant(nearest.meaning, name)) return;
  const hint = isNear || nearest.steps <= 4 ? `; did you mean ${nearest.name}?` : '';
  const words = `${name} is not a variable of this program and has no effect${hint}`;
  const meantEncryption = /^(?:AGE|GPG)_/.test(name) || (hint !== '' && encryptionNames.includes(nearest.meaning));
  // Somebody who meant to encrypt must not find out later that nothing was.
  if (meantEncryption && !encrypted) {
    const advice = 'set AGE_RECIPIENTS to encrypt, or remove this one to store backups unencrypted';
    findings.problem(`${words}${hint === '' ? ';' : ''} ${advice}`);
  } else {
    findings.warn(words);
  }
}

interface Near {
  readonly name: string;
  /** The documented name of the same variable. */
  readonly meaning: string;
  readonly steps: number;
}

function findNearest(name: string, known: ReadonlyMap<string, VariableName>): Near {
  const upper = name.toUpperCase();
  let best: Near = { name: '', meaning: '', steps: Number.POSITIVE_INFINITY };
  for (const [candidate, meaning] of known) {
    const steps = distance(upper, candidate);
    if (steps < best.steps) best = { name: candidate, meaning, steps };
  }
  return best;
}

/** Short names are near to too many others. */
function allowedSteps(name: string): number {
  if (name.length < 6) return 0;
  return name.length < 9 ? 1 : 2;
}

/** Names of libpq and of the PostgreSQL programs that are no typing errors of others. */
const libpqNames = new Set(
  'PGHOST PGPORT PGUSER PGDATA PGTZ PGAPPNAME PGSSLCRL PGSSLSNI PGSSLCERT PGSSLKEY PGSSLMODE PGSSLCRLDIR PGSSLCERTMODE PGGSSLIB PGLOCALEDIR PGREALM PGGEQO PGSYSCONFDIR PGCLUSTER PGVERSION PGBIN PGDIR PGLIB PGROOT'.split(
    ' ',
  ),
);
