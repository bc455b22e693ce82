import type { Proof } from '../catalog/proof.ts';
import type { Failure } from '../errors.ts';
import type { Comparison } from '../restore/compare.ts';
import type { Check } from './check.ts';

/** What a drill has found, as far as it came. */
export interface Findings {
  readonly compared: readonly Comparison[];
  readonly checks: readonly Check[];
  /** Whether the backup holds tables whose rows could be compared at all. */
  readonly holdsTables: boolean;
  /** Why the backup could not be tried as it is: an extension that the server lacks, an object that only a superuser may create. */
  readonly obstacles: readonly string[];
}

/** What a drill has shown. */
export interface Outcome {
  readonly outcome: Proof['outcome'];
  /** Why it did not pass, in one sentence; undefined where it did. */
  readonly reason: string | undefined;
  readonly hint?: string | undefined;
}

/** How many differences the sentence names; the proof lists all. */
const shown = 3;

/** The words of the server that say that it was not able to try, rather than that the backup is wrong. */
const notTheBackup =
  /permission denied|must be (?:superuser|owner)|is not available|No space left|could not extend file|out of memory|server closed the connection|terminating connection|was killed by|could not be started|unrecognized configuration parameter|unsupported version|role "[^"]*" does not exist/;

/**
 * What a drill shows that has broken off: a backup that is damaged or does not restore has failed; what has nothing to do
 * with the backup shows nothing. Undefined for a failure that is not the drill's to judge: a key, the store, a signal.
 */
export function judgeFailure({ kind, message, hint }: Failure, obstacles: readonly string[]): Outcome | undefined {
  if (kind === 'verification') return { outcome: 'failed', reason: message, hint };
  if (kind !== 'dump') return undefined;
  const byProgram = /^(?:pg_restore|psql) /.test(message);
  const isRefusal = byProgram && !notTheBackup.test(message);
  if (isRefusal && obstacles.length === 0) return { outcome: 'failed', reason: message, hint };
  const reason = [...obstacles, message.replace(/^could not run: /, '')].join('; ');
  // What a restore is told to do about it is no advice for a drill.
  return { outcome: 'could not run', reason, hint: byProgram ? scriptHint(message) : hint };
}

function scriptHint(message: string): string | undefined {
  if (!message.startsWith('psql ')) return undefined;
  return 'Nothing of a plain dump can be left out or made by a superuser; with BACKUP_FORMAT=custom it can.';
}

/** What a drill shows that came to its end. An estimate is never a comparison. */
export function judge({ compared, checks, holdsTables, obstacles }: Findings): Outcome {
  const made = compared.filter(({ outcome }) => outcome !== 'not compared');
  const different = made.filter(({ outcome }) => outcome === 'different');
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  if (different.length > 0 || failed.length > 0) {
    const where = different.map(({ what, expected, found }) => `${what} (${found} instead of ${expected})`);
    const differ = `${String(different.length)} of ${String(made.length)} comparisons ${different.length === 1 ? 'differs' : 'differ'}`;
    const reasons = [
      ...(different.length > 0 ? [`${differ}: ${some(where)}`] : []),
      ...(failed.length > 0 ? [`failed: ${some(failed.map(({ name, detail }) => `${name} (${detail})`))}`] : []),
    ];
    return { outcome: 'failed', reason: reasons.join('; ') };
  }
  if (obstacles.length > 0) return { outcome: 'could not run', reason: obstacles.join('; ') };
  const rows = made.filter(({ what }) => what.startsWith('table '));
  if (holdsTables && rows.length === 0) {
    return {
      outcome: 'could not run',
      reason: 'no table whose rows could be compared: the manifest has estimates only',
      hint: 'Set ROW_COUNTS=exact for the backup.',
    };
  }
  return { outcome: 'passed', reason: undefined };
}

function some(items: readonly string[]): string {
  const more = items.length > shown ? ` and ${String(items.length - shown)} more` : '';
  return `${items.slice(0, shown).join(', ')}${more}`;
}
