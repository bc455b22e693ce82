import { readFileSync } from 'node:fs';

/** What a run of node says of itself in its last moment. */
export interface AtExit {
  /** The most memory that it has held. The kernel's `ru_maxrss` would count what its parent held when it was started. */
  readonly peakBytes: number;
  /** Open files, sockets and pipes. */
  readonly descriptors: number;
  /** What node would still have waited for: see `process.getActiveResourcesInfo()`. */
  readonly resources: readonly string[];
}

/** A module for node to load before the program, which writes {@link AtExit} into a file: as text, since TypeScript costs memory. */
export function noteAtExit(file: string): string {
  const code = `
    import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
    process.on('exit', () => {
      const peak = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
      const descriptors = readdirSync('/proc/self/fd').length;
      const note = { peakBytes: Number(peak) * 1024, descriptors, resources: process.getActiveResourcesInfo() };
      writeFileSync(${JSON.stringify(file)}, JSON.stringify(note));
    });`;
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}

/** What was noted; undefined where the process was not given the time. */
export function noted(file: string): AtExit | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AtExit;
  } catch {
    return undefined;
  }
}
