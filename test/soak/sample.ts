import { readdirSync, readFileSync } from 'node:fs';
import { descendants } from '../support/processes.ts';
import { Series } from './series.ts';

/** What a run is looked at for while it runs. */
export interface Samples {
  /** What node holds now, in MB. */
  readonly memory: Series;
  /** Node and all that it has started, in MB; what they share is counted for each. */
  readonly allMemory: Series;
  /** Node's open files, sockets and pipes. */
  readonly descriptors: Series;
  /** Processes that node itself has started. What they start is theirs: pg_dumpall asks pg_dump for its version, by a shell. */
  readonly children: Series;
}

/** Looks at a process every so many ms until it is stopped; at what it has started every fifth time. */
export function sample(pid: number, everyMs: number): { readonly samples: Samples; stop(): void } {
  const samples = { memory: new Series(), allMemory: new Series(), descriptors: new Series(), children: new Series() };
  const look = (): void => {
    const own = residentMB(pid);
    if (own === undefined) return;
    samples.memory.add(own);
    const descriptors = openDescriptors(pid);
    if (descriptors !== undefined) samples.descriptors.add(descriptors);
    // To look for its children means to look at every process of the machine.
    if (samples.memory.values.length % 5 !== 0) return;
    const below = descendants(pid);
    samples.allMemory.add(below.reduce((sum, child) => sum + (residentMB(child.pid) ?? 0), own));
    samples.children.add(below.filter(({ parent }) => parent === pid).length);
  };
  const timer = setInterval(look, everyMs);
  return { samples, stop: () => clearInterval(timer) };
}

function residentMB(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return undefined;
  }
}

function openDescriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}
