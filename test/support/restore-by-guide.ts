import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What running a RESTORE.md did. */
export interface GuideOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a RESTORE.md. */
export interface GuideOptions {
  /** An empty folder: bash starts there, with it as its HOME. */
  readonly folder: string;
  /** What the guide says to set, and nothing of ours besides PATH. */
  readonly variables: Readonly<Record<string, string>>;
  /** A reader's deviation from what is printed. */
  readonly edit?: (commands: string) => string;
  /** `-e` as a script would have it (default), or nothing, as when pasted into a terminal. */
  readonly flags?: readonly string[];
  /** Ends bash, and rejects. */
  readonly signal?: AbortSignal;
}

/** The commands of a RESTORE.md: the contents of its blocks fenced as `sh`, in order. */
export function guideBlocks(guide: string): string[] {
  return [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

/** Runs all commands of a RESTORE.md as they stand, in one bash. Does not reject because of an exit code. */
export async function runGuide(guide: string, options: GuideOptions): Promise<GuideOutcome> {
  const { folder, variables, edit = (commands: string) => commands, flags = ['-e'], signal } = options;
  const script = join(folder, 'commands.sh');
  await writeFile(script, edit(guideBlocks(guide).join('\n')));
  const child = spawn('bash', [...flags, script], {
    cwd: folder,
    signal,
    env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode: code ?? 1, stdout, stderr };
}
