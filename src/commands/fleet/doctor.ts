import { someAtATime } from '../../catalog/some-at-a-time.ts';
import { Failure, throwIfAborted, toFailure } from '../../errors.ts';
import type { FleetMember } from '../../fleet/file.ts';
import { type Fleet, readFleet } from '../../fleet/fleet.ts';
import { planShares } from '../../fleet/plan.ts';
import { readSizes } from '../../fleet/sizes.ts';
import type { Log } from '../../log.ts';
import { createRedactor } from '../../redact.ts';
import { createReporting } from '../../report/reporting.ts';
import { startBackup } from '../../schedule/child.ts';
import { openStore } from '../../store/open.ts';
import type { Edge } from '../command.ts';
import { worstExit } from '../worst.ts';

/** Members that are tried at once, each in a process of its own that mostly waits. */
const atOnce = 4;
/** One member may take so long. */
const memberMs = 5 * 60_000;

/** What was found of one member. */
interface Examined {
  readonly exitCode: number;
  /** One line where all is well; else what is not. */
  readonly lines: readonly string[];
}

/**
 * `doctor` with `FLEET_FILE`: tells how the fleet is shared as things are now, and tries each member of the share in a
 * process of its own, all members where no index is set. Records nothing. Resolves to the worst exit code.
 */
export async function examineFleet(edge: Edge): Promise<number> {
  const fleet = readFleet(edge.env);
  const redact = createRedactor(fleet.config.secrets);
  const { log } = createReporting(edge, fleet.config.log, redact);
  const tell = (text: string): void => {
    edge.stdout.write(redact(`${text}\n`));
  };
  tell(`ok    configuration: all variables and ${fleet.members.length} members are understood`);
  for (const warning of fleet.config.warnings) tell(`warn  configuration: ${warning}`);
  const members = fleet.shards === 1 ? fleet.members : await shareNow(fleet, log, tell, edge.signal);
  const codes = await someAtATime(members, atOnce, async (member) => {
    throwIfAborted(edge.signal);
    const { exitCode, lines } = await examine(member, fleet, edge, log);
    for (const line of lines) tell(line);
    return exitCode;
  });
  throwIfAborted(edge.signal);
  const ill = codes.filter((code) => code !== 0).length;
  tell(
    ill === 0
      ? `all fine: ${members.length} members can be backed up`
      : `${ill} of ${members.length} members to look at`,
  );
  return codes.length === 0 ? 0 : worstExit(codes);
}

/** The share as the store is now; a run may find it changed. */
async function shareNow(
  { members, index, shards, run, config }: Fleet,
  log: Log,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<FleetMember[]> {
  const store = openStore(config.store, log);
  let sizes: ReadonlyMap<string, number> = new Map();
  try {
    if (run === undefined)
      tell('warn  fleet: nothing tells one run from the next, so that names alone share it; set FLEET_RUN');
    else sizes = (await readSizes(store, new Date(), signal)).bytes;
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof Failure) || error.kind !== 'denied') throw error;
    tell(`warn  fleet: shared by names alone, not by size: ${error.message}`);
  } finally {
    store.close();
  }
  const sized = members.map(({ name }) => ({ name, bytes: sizes.get(name) }));
  const share = planShares(sized, shards).shares[index] ?? [];
  const shown = share.length > 20 ? `${share.slice(0, 20).join(', ')} and ${share.length - 20} more` : share.join(', ');
  tell(`ok    fleet: share ${index} of ${shards} is now ${share.length} of ${members.length} members: ${shown}`);
  const wanted = new Set(share);
  return members.filter(({ name }) => wanted.has(name));
}

async function examine(member: FleetMember, fleet: Fleet, { self, signal }: Edge, log: Log): Promise<Examined> {
  const { name } = member;
  let env: Record<string, string | undefined>;
  try {
    env = { ...fleet.environmentOf(member), LOG_FORMAT: 'auto', LOG_LEVEL: 'error' };
  } catch (error) {
    const { message, hint, exitCode } = toFailure(error);
    return { exitCode, lines: [`FAIL  ${name}: ${message}`, ...(hint === undefined ? [] : [`      ${hint}`])] };
  }
  const out: string[] = [];
  const err: string[] = [];
  const lines = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const run = startBackup({
    self,
    env,
    command: 'doctor',
    timeoutMs: memberMs,
    lines,
    log: log.child({ member: name }),
  });
  const stop = (): void => {
    void run.stop('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  const { exitCode } = await run.ended;
  signal.removeEventListener('abort', stop);
  const login = /^ok {4}database login: (.*)$/m.exec(out.join('\n'))?.[1] ?? 'all fine';
  const found = out.slice(0, -1).filter((line) => !/^ok {4}|^skip {2}/.test(line));
  const marked = found.map((line) => line.replace(/^(FAIL|warn) {2}/, `$1  ${name}: `));
  if (exitCode === 0) return { exitCode, lines: [`ok    ${name}: ${login}`, ...marked] };
  return {
    exitCode,
    lines: marked.length > 0 ? marked : [`FAIL  ${name}: exit code ${exitCode}`, ...err.map((line) => `      ${line}`)],
  };
}
