import assert from 'node:assert/strict';
import type { EndedRun, EntrypointOptions, StartedRun } from '../support/entrypoint.ts';
import { startEntrypoint } from '../support/entrypoint.ts';
import { until } from '../support/until.ts';
import { describePoint, type Point } from './point.ts';

/** One run as it is watched. */
export interface Watch extends Disposable {
  /** Goes into the run's variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly preload?: string;
  /** The run that is to be killed. Call it right after the start. */
  attach(run: StartedRun): void;
  /** What has been asked for so far, in the order of arrival. */
  calls(): string[];
}

/** Something that a run makes calls to: the store, PostgreSQL, the system. */
export interface Channel {
  /** Watches the next run, and kills it at a point. */
  watch(point?: Point): Watch;
}

/** A run that was watched. */
export interface WatchedRun extends EndedRun {
  readonly calls: readonly string[];
  /** False where it was through before it got to the point. */
  readonly killed: boolean;
  readonly pid: number;
  /** The point in words. */
  readonly where: string;
}

/** Starts the program, kills it at the point or lets it lose a reply there, and waits until nothing that it has started runs any more. */
export async function runUntil(
  channel: Channel,
  point: Point | undefined,
  variables: Readonly<Record<string, string>>,
  options: EntrypointOptions,
): Promise<WatchedRun> {
  using watch = channel.watch(point);
  const run = startEntrypoint(
    { ...variables, ...watch.variables },
    { ...options, ...(watch.preload !== undefined && { preload: watch.preload }) },
  );
  watch.attach(run);
  const ended = await run.ended;
  const calls = watch.calls();
  const where = point ? describePoint(point, calls[point.at - 1]) : 'to its end';
  await until(`nothing of a run killed ${where} is left`, () => run.processes().length === 0);
  const killed = ended.signal === 'SIGKILL';
  if (!killed && point?.whom !== 'nobody') assert.equal(ended.exitCode, 0, `${where}: ${ended.stderr}`);
  return { ...ended, calls, killed, pid: run.pid, where };
}

/** How many calls a run makes that nobody disturbs. */
export async function countCalls(
  channel: Channel,
  variables: Readonly<Record<string, string>>,
  options: EntrypointOptions,
): Promise<readonly string[]> {
  const { calls, exitCode, stderr } = await runUntil(channel, undefined, variables, options);
  assert.equal(exitCode, 0, stderr);
  assert.notEqual(calls.length, 0);
  return calls;
}
