import { distance } from 'fastest-levenshtein';
import type { VariableName } from './variables.ts';

/** What the name of a variable that is not read looks like. */
export interface Likeness {
  /** The name that was probably meant; undefined where it only begins like one of ours. */
  readonly meant: string | undefined;
  /** The documented name of that variable, or of the nearest one. */
  readonly meaning: VariableName | undefined;
  /** True for a typing error; false where it begins like one of ours. */
  readonly isNear: boolean;
}

/** Beginnings that nobody but this program uses. */
const ours = /^(?:S3|BACKUP|PG_DUMP|PGDUMP|AGE|GPG|KEEP|COMPRESSION|SHRINK|STALL|SCHEDULE|NOTIFY|TELEGRAM)_/;

/** Names of other programs that look like ours: libpq, the AWS SDK, gpg, other base images, Kubernetes service links. */
const ordinary =
  /^(?:AWS_ENDPOINT_URL_.*|GPG_(?:TTY|AGENT_INFO|KEYS?)|PG[A-Z]+|.*_SERVICE_(?:HOST|PORT.*)|.*_PORT(?:_\d+_(?:TCP|UDP).*)?|POSTGRES_(?:INITDB_.*|HOST_AUTH_METHOD)|DATABASE_(?:HOST|PORT|USER|NAME|PASSWORD))$/;

/** Whether a name that is not read looks as if it were meant for this program; undefined for any other. */
export function likenessOf(name: string, known: ReadonlyMap<string, VariableName>): Likeness | undefined {
  const nearest = findNearest(name, known);
  // A typing error may also have hit a libpq name, which then looks like any other of libpq's.
  const isNearLibpq = /^PG[A-Z]{4,}$/.test(name) && !libpqNames.has(name) && nearest.steps <= 2;
  const isNear = isNearLibpq || (nearest.steps <= allowedSteps(nearest.name) && !ordinary.test(name));
  const looksOurs = ours.test(name) && !ordinary.test(name);
  if (!isNear && !looksOurs) return undefined;
  return { meant: isNear || nearest.steps <= 4 ? nearest.name : undefined, meaning: nearest.meaning, isNear };
}

interface Near {
  readonly name: string;
  readonly meaning: VariableName | undefined;
  readonly steps: number;
}

function findNearest(name: string, known: ReadonlyMap<string, VariableName>): Near {
  const upper = name.toUpperCase();
  let best: Near = { name: '', meaning: undefined, steps: Number.POSITIVE_INFINITY };
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
