import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Stroke } from './strokes.ts';

/** What the clients' programs are called; the others are looked up in the PATH. */
const clients = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql'];

/**
 * Puts scripts in the place of the programs that strokes are about, and returns the variables that make a run use them.
 * @param binDir where the real programs of PostgreSQL are.
 */
export function wrapPrograms(
  strokes: readonly Stroke[],
  folder: string,
  binDir: string,
  major: number,
): Record<string, string> {
  const scripts = strokes.flatMap((stroke) => {
    const script = scriptOf(stroke);
    const others =
      'lane' in stroke && stroke.lane ? `case "$*" in ${ofLane[stroke.lane]}) ;; *) exec "$real" "$@";; esac\n` : '';
    return script === undefined || !('program' in stroke) ? [] : [{ program: stroke.program, script: others + script }];
  });
  if (scripts.length === 0) return {};
  const clientsBin = join(folder, 'clients', String(major), 'bin');
  const path = join(folder, 'bin');
  for (const made of [clientsBin, path]) mkdirSync(made, { recursive: true });
  for (const { program, script } of scripts) {
    const isClient = clients.includes(program);
    const file = join(isClient ? clientsBin : path, program);
    writeFileSync(
      file,
      `#!/bin/sh\nPATH=/usr/bin:/bin\nreal=${isClient ? join(binDir, program) : `/usr/bin/${program}`}\n${script}\n`,
    );
    chmodSync(file, 0o755);
  }
  for (const name of readdirSync(binDir)) {
    if (!scripts.some(({ program }) => program === name)) symlinkSync(join(binDir, name), join(clientsBin, name));
  }
  return { PG_CLIENTS_DIR: join(folder, 'clients'), PATH: [path, process.env['PATH']].join(delimiter) };
}

/** By what the arguments of a lane's pg_dump are known. */
const ofLane = { definitions: '*--section=pre-data*', contents: '*--table=*', rest: '*--exclude-table=*' } as const;

const versions = 'case "$*" in *--version*) exec "$real" "$@";; esac';

/** Runs the program with its output through `filter`, which may write variables to 8; `status` is the program's own. */
const through = (filter: string): string =>
  `${versions}
exec 9>&1
eval "$({ { "$real" "$@" 8>&- 9>&-; echo "status=$?" >&8; } | { ${filter}; } >&9; } 8>&1)"`;

/** Passes on so many bytes and looks whether there would have been more: runs on no data pass as they are. */
const cut = (bytes: number): string =>
  `${through(`head -c ${String(bytes)}; echo "more=$(head -c 1 | wc -c)" >&8`)}
[ "$more" = 0 ] && exit "$status"`;

function scriptOf(stroke: Stroke): string | undefined {
  switch (stroke.kind) {
    case 'broken program':
      return `${cut(stroke.afterBytes)}\n${stroke.how === 'killed' ? 'kill -9 $$' : 'echo "something went wrong" >&2; exit 1'}`;
    case 'killed at its end':
      return `${versions}\n"$real" "$@"\nkill -9 $$`;
    case 'silent program':
      return `${cut(stroke.afterBytes)}\nsleep 600`;
    case 'slow program':
      return `${through(`head -c ${String(stroke.afterBytes)}; sleep ${String(stroke.ms / 1000)}; cat`)}\nexit "$status"`;
    case 'little memory':
      return `ulimit -v ${String(stroke.kilobytes)}\nexec "$real" "$@"`;
    default:
      return undefined;
  }
}
