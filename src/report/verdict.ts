import type { ScheduleConfig } from '../config/config.ts';
import { usualGraceMs } from '../schedule/check.ts';
import { type Demand, type Freshness, judge } from '../schedule/freshness.ts';
import { bytes, change, inWords, median, moment, plural } from './figures.ts';
import type { Drill, History, Run, RunFacts } from './history.ts';
import type { Removals } from './removal.ts';

/** `unknown`: there is nothing to judge by. */
export type Tone = 'good' | 'look' | 'bad' | 'unknown';

/** A backup whose manifest can be believed and whose data is there. */
export type GoodRun = Run & { readonly facts: RunFacts; readonly damage: undefined };

/** Whether a database's backups are as they should be. */
export interface Verdict {
  readonly tone: Tone;
  /** Without the name of the database, which comes before it: `was backed up 3 h ago`. */
  readonly sentence: string;
  /** What somebody should look at, in one sentence each. */
  readonly problems: readonly string[];
  readonly newest: GoodRun | undefined;
  /** Undefined without a newest backup or where nothing tells how often they are made. */
  readonly freshness: Freshness | undefined;
  /** How often they are made, where only that tells when one is late. */
  readonly usualMs: number | undefined;
  /** The newest drill that passed. */
  readonly proof: Drill | undefined;
}

/** What a verdict is made from. */
export interface VerdictRequest {
  readonly history: History;
  readonly schedule: ScheduleConfig | undefined;
  readonly removals: Removals | undefined;
  /** Of the ticks that retention cannot explain, those of the last 30 days. */
  readonly missedLately: number;
  /** All of them that can be known. */
  readonly missedEver: number;
  readonly now: Date;
  readonly timeZone: string;
}

/** A dump that is smaller than the one before it by more than this is worth a look. */
const shrinkAlert = 0.5;

/** Judges the backups of one database. */
export function verdictOf(request: VerdictRequest): Verdict {
  const { history, schedule, now, missedEver } = request;
  const good = goodRuns(history.runs);
  const newest = good.at(-1);
  const usualMs = schedule ? undefined : usualInterval(good);
  const demand = newest && demandOf(schedule, usualMs, newest);
  const freshness = newest && demand ? judge(newest.startedAt, demand, now) : undefined;
  const drills = history.runs.flatMap((run) => run.drills).sort((a, b) => +a.finishedAt - +b.finishedAt);
  const proof = drills.findLast(({ outcome }) => outcome === 'passed');
  const base = { newest, freshness, usualMs, proof };
  if (!newest) {
    const problems = history.runs.length > 0 ? ['Every backup in the store is damaged.'] : [];
    return { ...base, tone: 'bad', sentence: 'has no backup that could be restored', problems };
  }
  const age = inWords(now.getTime() - newest.startedAt.getTime());
  const grave = graveProblems(request, newest, drills, proof);
  if (freshness && !freshness.fresh) {
    const missed = freshness.missed ? `, and ${plural(freshness.missed.count, 'backup')} since then did not come` : '';
    return { ...base, tone: 'bad', sentence: `is late: the newest backup is ${age} old${missed}`, problems: grave };
  }
  if (grave.length > 0) {
    return { ...base, tone: 'bad', sentence: `was backed up ${age} ago, but not all is well`, problems: grave };
  }
  const light = lightProblems(request, good);
  if (light.length > 0) {
    return {
      ...base,
      tone: 'look',
      sentence: `was backed up ${age} ago; ${light.length === 1 ? 'one thing is' : `${light.length} things are`} worth a look`,
      problems: light,
    };
  }
  if (!freshness) {
    const sentence = `was backed up ${age} ago; nothing says when the next backup is due`;
    return {
      ...base,
      tone: 'unknown',
      sentence,
      problems: ['Set BACKUP_SCHEDULE, so that this page can tell what is late.'],
    };
  }
  const all = !schedule ? '' : missedEver === 0 ? ', nothing missed' : ', nothing missed in 30 days';
  return { ...base, tone: 'good', sentence: `was backed up ${age} ago${all}`, problems: [] };
}

/** Those that could be restored as far as a look at names and manifests tells, oldest first. */
export function goodRuns(runs: readonly Run[]): GoodRun[] {
  return runs.filter((run): run is GoodRun => run.facts !== undefined && run.damage === undefined);
}

function graveProblems(
  { history, timeZone }: VerdictRequest,
  newest: GoodRun,
  drills: readonly Drill[],
  proof: Drill | undefined,
): string[] {
  const problems: string[] = [];
  const last = history.runs.at(-1);
  if (last?.damage !== undefined) problems.push(`The newest folder, ${last.id}, is damaged: ${last.damage}.`);
  const decided = drills.findLast(({ outcome }) => outcome !== 'could not run');
  if (decided?.outcome === 'failed' && decided !== proof) {
    const why = decided.reason === undefined ? '' : `: ${decided.reason}`;
    problems.push(`The last drill failed on ${moment(decided.finishedAt, timeZone)}${why}.`);
  }
  const { lastFailure } = history;
  if (lastFailure && lastFailure.at > newest.startedAt) {
    problems.push(`The last run failed on ${moment(lastFailure.at, timeZone)}: ${lastFailure.message}.`);
  }
  return problems;
}

function lightProblems({ history, removals, missedLately }: VerdictRequest, good: readonly GoodRun[]): string[] {
  const problems: string[] = [];
  if (missedLately > 0) {
    problems.push(
      `In the last 30 days ${plural(missedLately, 'backup')} that was due did not come.`.replace(
        's that was due',
        's that were due',
      ),
    );
  }
  const damaged = history.runs.filter(({ damage }) => damage !== undefined).length;
  if (damaged > 0)
    problems.push(`${plural(damaged, 'older backup')} cannot be restored: see the table of all backups.`);
  const [before, newest] = good.slice(-2);
  if (newest && before?.facts.form === newest.facts.form) {
    const fraction = newest.facts.bytes / Math.max(1, before.facts.bytes) - 1;
    if (fraction < -shrinkAlert) {
      const sizes = `${bytes(before.facts.bytes)} to ${bytes(newest.facts.bytes)}`;
      problems.push(`The newest backup is much smaller than the one before: ${sizes} (${change(fraction)}).`);
    }
  }
  if (removals?.held !== undefined) problems.push(`Retention removes nothing: ${removals.held}.`);
  return problems;
}

function demandOf(
  schedule: ScheduleConfig | undefined,
  usualMs: number | undefined,
  newest: GoodRun,
): Demand | undefined {
  const graceMs = graceOf(newest);
  if (schedule) return { kind: 'schedule', schedule, graceMs };
  return usualMs === undefined ? undefined : { kind: 'age', maxAgeMs: 2 * usualMs + graceMs };
}

/** The same as that of `check`. */
export function graceOf(newest: GoodRun | undefined): number {
  return usualGraceMs + (newest?.facts.durationMs ?? 0);
}

/** Three backups at least make a habit. */
function usualInterval(good: readonly GoodRun[]): number | undefined {
  const starts = good.slice(-11).map(({ startedAt }) => startedAt.getTime());
  return starts.length < 3
    ? undefined
    : median(starts.slice(1).map((start, index) => start - (starts[index] ?? start)));
}
