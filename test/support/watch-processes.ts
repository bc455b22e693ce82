import { readFileSync } from 'node:fs';
import { allProcesses, descendants } from './processes.ts';

/** What anybody on the machine could see of processes, and what those of a run were given. */
export interface Watched {
  /** The arguments of every process of the machine, a line each. */
  readonly argv: readonly string[];
  /** Environments of all processes of ours, by program; of each the last. */
  readonly environments: ReadonlyMap<string, string>;
  /** Of what the run has started: `program: soft hard` limits of the size of core dumps. */
  readonly coreLimits: ReadonlySet<string>;
}

/** Watches every process of the machine until the promise settles. */
export async function watchProcesses(until: Promise<unknown>, pid?: number): Promise<Watched> {
  const argv = new Set<string>();
  const environments = new Map<string, string>();
  const coreLimits = new Set<string>();
  const ended = until.then(
    () => true,
    () => true,
  );
  const moment = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), 5));
  do {
    for (const info of allProcesses()) {
      argv.add(info.argv.join('\n'));
      if (info.environment.length > 0) environments.set(info.argv[0] ?? '', info.environment.join('\n'));
    }
    if (pid !== undefined) {
      for (const { pid: child, argv: words, zombie } of descendants(pid)) {
        if (!zombie && words[0]) coreLimits.add(`${words[0]}: ${coreLimit(child)}`);
      }
    }
  } while (!(await Promise.race([ended, moment()])));
  return { argv: [...argv], environments, coreLimits };
}

/** Empty for a process that is gone. */
export function coreLimit(pid: number): string {
  try {
    return /^Max core file size +(\S+ +\S+)/m.exec(readFileSync(`/proc/${String(pid)}/limits`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
