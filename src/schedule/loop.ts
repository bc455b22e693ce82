import prettyMs from 'pretty-ms';
import type { ScheduleConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Run } from './child.ts';
import type { Clock } from './clock.ts';
import { shortTime } from './missed.ts';
import type { Status } from './status.ts';
import { nextTick, ticksBetween } from './ticks.ts';

/** Timers stand still while a machine sleeps and know nothing of a clock that is set: the clock is asked this often. */
const stepMs = 30_000;
/** A clock that is off by more than this was set, or the machine slept. */
const jumpMs = 60_000;
const mostCounted = 10_000;

/** What keeping a schedule takes. */
export interface LoopRequest {
  readonly schedule: ScheduleConfig;
  readonly jitterMs: number;
  /** Start one run at once, besides the ticks. */
  readonly atOnce: boolean;
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly start: () => Run;
  readonly status: Status;
  readonly log: Log;
  /** Aborted with a Failure. */
  readonly signal: AbortSignal;
}

/**
 * Starts a run at each tick, never two at once, until the signal is aborted; then resolves once the run that is under
 * way has ended. A tick during a run is missed. After a sleep of the machine there is one run for all ticks that passed.
 */
export async function keepSchedule(request: LoopRequest): Promise<void> {
  const { schedule, clock, log, signal } = request;
  const runs = new Runs(request);
  if (request.atOnce) runs.start();
  let seen = clock.now();
  let plan = planAfter(seen, request);
  log.info(
    `keeping the schedule ${schedule.expression} (${schedule.timezone}); the next tick is at ${shortTime(plan.tick)}`,
  );
  for (;;) {
    await clock.sleep(Math.min(stepMs, Math.max(0, plan.start.getTime() - clock.now().getTime())), signal);
    if (signal.aborted) break;
    const now = clock.now();
    if (seen.getTime() - now.getTime() > jumpMs) {
      log.warn(`the clock was set back by ${prettyMs(seen.getTime() - now.getTime(), { unitCount: 2 })}`);
      seen = now;
      plan = planAfter(seen, request);
    } else if (now > seen) seen = now;
    if (seen < plan.start) continue;
    serve(plan, seen, runs, request);
    plan = planAfter(seen, request);
  }
  await runs.stop(signal.reason instanceof Failure && signal.reason.kind === 'sigint' ? 'SIGINT' : 'SIGTERM');
}

interface Plan {
  readonly tick: Date;
  /** The tick and the jitter. */
  readonly start: Date;
}

function planAfter(time: Date, { schedule, jitterMs, random, status }: LoopRequest): Plan {
  const tick = nextTick(schedule, time);
  status.nextTick = tick;
  return { tick, start: new Date(tick.getTime() + Math.floor(random() * jitterMs)) };
}

/** Starts a run for the last of the ticks that are due; the others are missed, and all are while a run is under way. */
function serve(plan: Plan, now: Date, runs: Runs, { schedule, status, log }: LoopRequest): void {
  const due = [plan.tick, ...ticksBetween(schedule, plan.tick, now, mostCounted)];
  const lateMs = now.getTime() - plan.start.getTime();
  if (lateMs > jumpMs) {
    log.warn(`${prettyMs(lateMs, { unitCount: 2 })} late: the machine slept, or its clock was set forward`);
  }
  const missed = runs.running ? due : due.slice(0, -1);
  status.missedTicks += missed.length;
  if (runs.running) {
    const ticks = missed.map(shortTime).slice(0, 3).join(', ');
    log.warn(`no backup for the tick at ${ticks}: the one before is still running`);
    return;
  }
  if (missed.length > 0) log.warn(`${String(missed.length)} ticks were missed since ${shortTime(plan.tick)}`);
  runs.start();
}

/** At most one run at a time. */
class Runs {
  readonly #request: LoopRequest;
  #current: Run | undefined;

  constructor(request: LoopRequest) {
    this.#request = request;
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  start(): void {
    const { start, status, clock, log, signal } = this.#request;
    const run = start();
    this.#current = run;
    status.begin(clock.now());
    void run.ended.then((ended) => {
      this.#current = undefined;
      status.end(ended, clock.now());
      // Who has stopped everything knows how the run ended from itself.
      if (signal.aborted) return;
      const next = status.nextTick === undefined ? '' : `; the next tick is at ${shortTime(status.nextTick)}`;
      if (ended.exitCode === 0) log.info(`the backup succeeded${next}`);
      else log.error(`the backup failed with exit code ${String(ended.exitCode)}${next}`);
    });
  }

  async stop(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    await this.#current?.stop(signal);
  }
}
