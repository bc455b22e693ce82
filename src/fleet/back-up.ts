import { someAtATime } from '../catalog/some-at-a-time.ts';
import { Failure, failureKinds, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { startBackup } from '../schedule/child.ts';
import type { FleetMember } from './file.ts';
import type { Fleet } from './fleet.ts';
import { memberResult, type MemberResult } from './outcome.ts';

/** Less than a process that was told to end has for all of it: what became of its members must still be told. */
const stopWithinMs = 16_000;

/** What backing up some members takes. */
export interface FleetWork {
  readonly fleet: Fleet;
  /** In the order in which they are begun. */
  readonly members: readonly FleetMember[];
  /** The program and arguments that start this very program. */
  readonly self: readonly string[];
  /** Gets the lines that members' processes write to their logs. */
  readonly write: (text: string) => void;
  /** Called with each result when it is there. */
  readonly onResult: (result: MemberResult) => void;
  readonly log: Log;
  /** Aborted with a Failure: what runs is told to end, and nothing more is begun. */
  readonly signal: AbortSignal;
}

/**
 * Backs up members, each in a process of its own, so that none can harm another. A failing one stops nothing. Never
 * rejects, and no process is left when it resolves: to one result each, in the order of the members.
 */
export async function backUpMembers(work: FleetWork): Promise<MemberResult[]> {
  const { fleet, members, signal, onResult } = work;
  return someAtATime(members, fleet.concurrency, async (member) => {
    const result = signal.aborted ? notBegun(member, toFailure(signal.reason)) : await backUpMember(member, work);
    onResult(result);
    return result;
  });
}

async function backUpMember(member: FleetMember, work: FleetWork): Promise<MemberResult> {
  const { fleet, self, signal } = work;
  const { name } = member;
  const log = work.log.child({ member: name });
  const began = performance.now();
  const passed = (): number => Math.round(performance.now() - began);
  let env: Record<string, string | undefined>;
  try {
    env = fleet.environmentOf(member);
  } catch (error) {
    return failedResult(name, toFailure(error), passed());
  }
  const output: string[] = [];
  const mark = markLines(name, fleet.config.log.format === 'json');
  const lines = { out: (line: string) => output.push(line), err: (line: string) => work.write(mark(line)) };
  const { timeoutMs } = fleet.configOf(member).run;
  const run = startBackup({ self, env, timeoutMs, stopWithinMs, lines, log });
  const stop = (): void => {
    void run.stop(toFailure(signal.reason).kind === 'sigint' ? 'SIGINT' : 'SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  const { exitCode } = await run.ended;
  signal.removeEventListener('abort', stop);
  const result = memberResult(name, exitCode, output, passed());
  if (!signal.aborted || result.exitCode !== failureKinds.sigterm.exitCode) return result;
  // It knows only that it was told to end.
  return failedResult(name, toFailure(signal.reason), passed());
}

function notBegun({ name }: FleetMember, { kind, message, hint }: Failure): MemberResult {
  return failedResult(name, new Failure(kind, `not begun: ${message}`, { hint }), 0);
}

function failedResult(member: string, { exitCode, message, hint }: Failure, durationMs: number): MemberResult {
  return {
    member,
    outcome: 'failure',
    exitCode,
    durationMs,
    error: message,
    ...(hint !== undefined && { hint }),
  };
}

/** Says of each line whose it is: in JSON as a field, elsewhere at its beginning. */
function markLines(member: string, isJson: boolean): (line: string) => string {
  return (line) => {
    if (isJson && line.startsWith('{')) {
      try {
        return `${JSON.stringify({ ...(JSON.parse(line) as object), member })}\n`;
      } catch {
        // Not a line of the log.
      }
    }
    return `[${member}] ${line}\n`;
  };
}
