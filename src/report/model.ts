import type { RetentionPolicy, ScheduleConfig } from '../config/config.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { aheadMs } from '../schedule/check.ts';
import { type Month, monthsOf } from './days.ts';
import { plural } from './figures.ts';
import { ticksOf } from './gaps.ts';
import { type Growth, growthOf } from './growth.ts';
import type { Drill, History, Run } from './history.ts';
import { horizonOf } from './horizon.ts';
import { type Removals, removalsOf } from './removal.ts';

import { type GoodRun, goodRuns, graceOf, type Tone, type Verdict, verdictOf } from './verdict.ts';

const dayMs = 86_400_000;

/** What the page is about besides the histories. */
export interface ModelRequest {
  readonly histories: readonly History[];
  readonly schedule: ScheduleConfig | undefined;
  readonly policy: RetentionPolicy | undefined;
  readonly timeZone: string;
  readonly now: Date;
  /** For people: where the store is. */
  readonly location: string;
  readonly toolVersion: string;
}

/** How many backups stand for a length of time, and how much they hold. */
export interface TierCount {
  readonly tier: NonNullable<Manifest['tier']>;
  readonly backups: number;
  readonly bytes: number;
  readonly oldest: Date;
}

/** Everything that the page says of one database. */
export interface DatabaseModel {
  readonly database: string;
  readonly verdict: Verdict;
  /** Every folder with a manifest, oldest first. */
  readonly runs: readonly Run[];
  readonly good: readonly GoodRun[];
  readonly totalBytes: number;
  readonly months: readonly Month[];
  /** Since when gaps are judged; undefined without a schedule. */
  readonly missed: { readonly lately: number; readonly ever: number } | undefined;
  readonly tiers: readonly TierCount[];
  readonly removals: Removals | undefined;
  /** Oldest first. */
  readonly drills: readonly Drill[];
  readonly growth: Growth | undefined;
  readonly history: History;
}

/** The page, before anything is drawn. */
export interface PageModel extends Omit<ModelRequest, 'histories'> {
  readonly tone: Tone;
  /** Whether everything is fine now. */
  readonly sentence: string;
  readonly databases: readonly DatabaseModel[];
}

/** Turns what a store holds into what a page says. Pure: the same store at the same time gives the same page. */
export function modelOf({ histories, ...request }: ModelRequest): PageModel {
  const databases = histories.map((history) => databaseModel(history, request));
  return { ...request, tone: worst(databases), sentence: sentenceOf(databases), databases };
}

function databaseModel(history: History, request: Omit<ModelRequest, 'histories'>): DatabaseModel {
  const { now, timeZone } = request;
  const { schedule, policy } = history.own ?? request;
  const runs = history.runs.map((run) => (isAhead(run, now) ? { ...run, damage: ahead } : run));
  const good = goodRuns(runs);
  const starts = good.map(({ startedAt }) => startedAt);
  const horizon = horizonOf(starts, policy);
  const graceMs = graceOf(good.at(-1));
  const ticks = schedule && ticksOf({ schedule, starts, now, graceMs });
  const gaps = ticks?.filter(({ at, served }) => !served && at >= horizon.everyRun) ?? [];
  const missedLately = gaps.filter(({ at }) => now.getTime() - at.getTime() < 30 * dayMs).length;
  const removals = removalsOf(runs, policy, schedule, now);
  return {
    database: history.database,
    verdict: verdictOf({
      history: { ...history, runs },
      schedule,
      removals,
      missedLately,
      missedEver: gaps.length,
      now,
      timeZone,
    }),
    runs,
    good,
    totalBytes: good.reduce((sum, { facts }) => sum + facts.bytes, 0),
    months: monthsOf({ runs, ticks, horizon, now, timeZone }),
    missed: ticks && { lately: missedLately, ever: gaps.length },
    tiers: tiersOf(good),
    removals,
    drills: runs.flatMap((run) => run.drills).sort((a, b) => +a.finishedAt - +b.finishedAt),
    growth: growthOf(good),
    history,
  };
}

/** As for `check`: it was made by a clock that is wrong, or is not ours, and says nothing. */
function isAhead({ startedAt }: Run, now: Date): boolean {
  return startedAt.getTime() > now.getTime() + aheadMs;
}

const ahead = 'its time is in the future: a clock is wrong';

const tierNames = ['yearly', 'monthly', 'weekly', 'daily'] as const;

function tiersOf(good: readonly GoodRun[]): TierCount[] {
  return tierNames.flatMap((tier) => {
    const those = good.filter(({ facts }) => facts.tier === tier);
    const [first] = those;
    if (!first) return [];
    const bytes = those.reduce((sum, { facts }) => sum + facts.bytes, 0);
    return [{ tier, backups: those.length, bytes, oldest: first.startedAt }];
  });
}

const gravity: readonly Tone[] = ['good', 'unknown', 'look', 'bad'];

function worst(databases: readonly DatabaseModel[]): Tone {
  if (databases.length === 0) return 'bad';
  return gravity[Math.max(...databases.map(({ verdict }) => gravity.indexOf(verdict.tone)))] ?? 'bad';
}

function sentenceOf(databases: readonly DatabaseModel[]): string {
  const [first, ...others] = databases;
  if (!first) return 'There is no backup yet.';
  const ill = databases.filter(({ verdict }) => verdict.tone === 'bad' || verdict.tone === 'look');
  if (others.length === 0) {
    const { database, verdict } = first;
    return `${verdict.tone === 'good' ? 'Everything is fine: ' : ''}${database} ${verdict.sentence}.`;
  }
  if (ill.length > 0) {
    const needs = ill.length === 1 ? 'needs' : 'need';
    return `${ill.length} of ${databases.length} databases ${needs} attention: ${named(ill)}.`;
  }
  const unknown = databases.filter(({ verdict }) => verdict.tone === 'unknown').length;
  if (unknown > 0)
    return `All ${plural(databases.length, 'database')} have a backup; nothing says when the next ones are due.`;
  return `Everything is fine: all ${plural(databases.length, 'database')} have a fresh backup.`;
}

function named(databases: readonly DatabaseModel[]): string {
  const names = databases.slice(0, 3).map(({ database }) => database);
  const more = databases.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
