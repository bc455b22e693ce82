import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** One process of this machine, as /proc shows it (Linux only). */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Empty for a zombie or a kernel thread. */
  readonly argv: readonly string[];
  /** `NAME=value` entries the process was started with; empty where we may not read them. */
  readonly environment: readonly string[];
  /** Ended, but its parent has not yet asked how. */
  readonly zombie: boolean;
}

/** Every process that can be seen now. */
export function allProcesses(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processInfo(Number(name)))
    .filter((info) => info !== undefined);
}

/** The children of a process, their children, and so on; without the process itself. */
export function descendants(pid: number): ProcessInfo[] {
  const all = allProcesses();
  const below = (parent: number): ProcessInfo[] =>
    all.filter((info) => info.parent === parent).flatMap((info) => [info, ...below(info.pid)]);
  return below(pid);
}

/**
 * The processes whose environment holds this `NAME=value`: give a run a marker of its own, and what is still found after
 * the run is what it left behind, even where the parent is gone.
 */
export function processesMarked(marker: string): ProcessInfo[] {
  return allProcesses().filter((info) => !info.zombie && info.environment.includes(marker));
}

/** The processes with this text anywhere in their arguments: what anyone on the machine could read with `ps`. */
export function processesShowing(text: string): ProcessInfo[] {
  return allProcesses().filter((info) => info.argv.some((argument) => argument.includes(text)));
}

/**
 * What is seen for so long, half a second by default; nothing as soon as there is none. After SIGKILL a process is there
 * for a moment more.
 */
export async function lasting<Seen>(
  look: () => readonly Seen[] | Promise<readonly Seen[]>,
  withinMs = 500,
): Promise<readonly Seen[]> {
  const giveUp = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen.length === 0 || performance.now() > giveUp) return seen;
    await sleep(20);
  }
}

function processInfo(pid: number): ProcessInfo | undefined {
  try {
    // The name in brackets may itself hold spaces and brackets: what follows the last one is regular.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      parent: Number(parent),
      argv: entries(`/proc/${pid}/cmdline`),
      environment: entries(`/proc/${pid}/environ`),
      zombie: state === 'Z',
    };
  } catch {
    return undefined; // gone in the meantime
  }
}

function entries(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}
