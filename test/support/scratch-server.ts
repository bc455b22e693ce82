import { chmodSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { temporaryFolder } from './fake-programs.ts';

/** A folder for the scratch servers of drills, by the variable that names it. */
export function scratchFolder(): { readonly variables: { TMPDIR: string }; left(): string[]; serving(): string[] } {
  const folder = temporaryFolder();
  // The server may run as another user.
  chmodSync(folder, 0o755);
  return {
    variables: { TMPDIR: folder },
    left: () => readdirSync(folder),
    /** What the processes of servers there call themselves, such as `postgres: drill drill [local] SELECT`. */
    serving: () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => {
          try {
            if (!readlinkSync(`/proc/${name}/cwd`).startsWith(folder)) return [];
            return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()];
          } catch {
            return []; // ended just now, or is not ours to look at
          }
        }),
  };
}
