import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { differences } from '../support/compare.ts';
import { startEntrypoint } from '../support/entrypoint.ts';
import { type AtExit, noteAtExit, noted } from './at-exit.ts';
import { changingDatabase } from './changing.ts';
import { type Laboratory, sessions } from './laboratory.ts';
import { leftOver } from './left-over.ts';

type Variables = Readonly<Record<string, string>>;

/** How a run went. */
export interface Looked {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly atExit: AtExit | undefined;
  /** What is wrong, in words; what it left behind is. */
  readonly wrong: readonly string[];
}

/** What may be done to a run meanwhile. */
export interface RunOptions {
  /** Ends it as a platform does, by SIGTERM. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the id of its node. */
  readonly onStart?: (pid: number) => void;
}

/** Runs the program once in processes of its own and looks at what is left of it. */
export async function runOnce(
  laboratory: Laboratory,
  args: readonly string[],
  variables: Variables,
  { signal: stop, onStart }: RunOptions = {},
): Promise<Looked> {
  const { folder, folders, s3, bucket, program } = laboratory;
  const marker = `soak-${randomBytes(8).toString('hex')}`;
  const note = join(folder, `${marker}.json`);
  const started = startEntrypoint(
    { ...laboratory.variables, ...variables, SOAK_RUN: marker },
    { args, home: program.home, preload: noteAtExit(note) },
  );
  onStart?.(started.pid);
  const end = (): void => started.signal('SIGTERM');
  stop?.addEventListener('abort', end);
  const run = await started.ended;
  stop?.removeEventListener('abort', end);
  const atExit = noted(note);
  const left = await leftOver({
    run,
    pid: started.pid,
    marker,
    folders: { 'its temporary folder': folders.temporary, 'its home': folders.home },
    sessions: () => sessions(laboratory),
    uploads: () => s3.openUploads(bucket),
  });
  const { exitCode, signal, stdout, stderr, durationMs } = run;
  const ended = exitCode === 0 ? [] : [`it ended with ${String(exitCode ?? signal)}: ${stderr.slice(-2000)}`];
  const untold = atExit ? [] : ['node did not end by itself'];
  return { exitCode, stdout, stderr, durationMs, atExit, wrong: [...ended, ...untold, ...left] };
}

/** Restores the newest backup with the program into a new database, and says how that differs from the source now. */
export async function restoreAndCompare(laboratory: Laboratory): Promise<string[]> {
  const { postgres, keys } = laboratory;
  const target = 'restored';
  await postgres.psql(`CREATE DATABASE ${target} TEMPLATE template0`);
  try {
    const { wrong } = await runOnce(laboratory, ['restore', 'latest'], {
      ...keys.opening({ signed: false }),
      TARGET_DATABASE_URL: postgres.url(target),
    });
    const { lost, added } = await differences(postgres, changingDatabase, target, 'without owners');
    const differ = [...lost.map((line) => `lost: ${line}`), ...added.map((line) => `added: ${line}`)].slice(0, 10);
    return [...wrong, ...differ].map((told) => `restore: ${told}`);
  } finally {
    await postgres.psql(`DROP DATABASE ${target} WITH (FORCE)`);
  }
}
