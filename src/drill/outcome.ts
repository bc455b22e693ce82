import type { Proof } from '../catalog/proof.ts';
import type { Failure } from '../errors.ts';
import type { Comparison } from '../restore/comparison.ts';
import { beyondServer, type Place } from './beyond-server.ts';
import type { Check } from './check.ts';

/** What a drill has found, as far as it came. */
export interface Findings {
  readonly compared: readonly Comparison[];
  readonly checks: readonly Check[];
  /** Whether the backup holds tables whose rows could be compared at all. */
  readonly holdsTables: boolean;
  readonly obstacles: readonly Obstacle[];
}

/** Why a backup could not be tried as it is: an extension that the server lacks, an object that only a superuser may create. */
export interface Obstacle {
  readonly reason: string;
  /** What to do about it: whole sentences. */
  readonly hint: string;
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

/**
 * What a drill shows that has broken off: a backup that is damaged or does not restore has failed; what has nothing to do
 * with the backup shows nothing. Undefined for a failure that is not the drill's to judge: a key, the store, a signal.
 */
export function judgeFailure(
  { kind, message, hint }: Failure,
  obstacles: readonly Obstacle[],
  place: Place,
): Outcome | undefined {
  if (kind === 'verification') return { outcome: 'failed', reason: message, hint };
  if (kind !== 'dump') return undefined;
  const byProgram = /^(?:pg_restore|psql) /.test(message);
  // What a restore is told to do about it is no advice for a drill.
  const advice = byProgram ? beyondServer(message, place) : hint;
  if (byProgram && advice === undefined && obstacles.length === 0) return { outcome: 'failed', reason: message, hint };
  const reasons = [...obstacles.map(({ reason }) => reason), message.replace(/^could not run: /, '')];
  const hints = [...obstacles.map((obstacle) => obstacle.hint), advice].filter((one) => one !== undefined);
  return { outcome: 'could not run', reason: reasons.join('; '), hint: hints[0] };
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
  const [obstacle] = obstacles;
  if (obstacle) {
    return { outcome: 'could not run', reason: obstacles.map(({ reason }) => reason).join('; '), hint: obstacle.hint };
  }
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
