import { chmodSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndedRun, startEntrypoint, type StartedRun } from '../support/entrypoint.ts';
import type { S3Server } from '../support/s3-server.ts';
import type { Bench, Laboratory } from './laboratory.ts';
import { RequestFaults } from './requests.ts';
import type { Schedule, Step } from './schedule.ts';
import type { Stroke } from './strokes.ts';
import { wrapPrograms } from './wrappers.ts';

/** No run may take longer, whatever happens to it. */
const longestMs = 180_000;
/** What a run has started may end so long after it, where it was killed. */
const orphansMs = 10_000;

/** A run that has ended, and what was done to it. */
export interface Played {
  readonly run: EndedRun;
  readonly step: Step;
  /** What happened to requests and what else befell it: only what really did. */
  readonly acted: readonly string[];
  /** It was given no time to clean up: by SIGKILL, by a second signal, or since it took too long after the first. */
  readonly abrupt: boolean;
  readonly tookTooLong: boolean;
  /** Processes that it left, and that did not end by themselves either where it was killed. */
  readonly orphans: readonly string[];
  /** What is left of scratch servers. */
  readonly scratch: readonly string[];
}

/** What a step is played in. */
export interface Stage {
  readonly laboratory: Laboratory;
  readonly bench: Bench;
  readonly server: S3Server;
  readonly schedule: Schedule;
}

/** Runs the program once, and does to it what the step says. */
export async function play(
  { laboratory, bench, server, schedule }: Stage,
  step: Step,
  name: string | number,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Played> {
  const { program, folder, patience } = laboratory;
  const mine = mkdtempSync(join(folder, 'step-'));
  // A drill's server may run as another user.
  for (const entered of [folder, mine]) chmodSync(entered, 0o755);
  const tmp = join(mine, 'tmp');
  mkdirSync(tmp, { mode: 0o755 });
  const wrapped = wrapPrograms(step.strokes, mine, bench.postgres.binDir, bench.postgres.major);
  const deadline = step.strokes.find((stroke) => stroke.kind === 'deadline');
  const silent = step.strokes.some(({ kind }) => kind === 'silent program');
  const env = {
    ...variables,
    ...program.variables,
    ...wrapped,
    PATH: [program.home, wrapped['PATH'] ?? process.env['PATH']].join(':'),
    TMPDIR: tmp,
    ...(deadline && { BACKUP_TIMEOUT: `${String(deadline.ms / 1000)}s` }),
    ...(silent && { STALL_TIMEOUT: `${String(2 * patience)}s` }),
  };
  const { form, seed } = schedule;
  const faults = new RequestFaults(['requests', seed, name], step.level, {
    // Who asks the store for no more than sizes cannot know of a bit.
    stored: step.command === 'backup' && form.verify !== 'head',
    read: step.command !== 'backup' || form.verify !== 'head',
  });
  const acted: string[] = step.strokes.flatMap((stroke) =>
    ('program' in stroke && stroke.kind !== 'kill program') || stroke.kind === 'deadline' ? [stroke.kind] : [],
  );
  let happened = 0;
  let signalled: number | undefined;
  let abrupt = false;
  const begun: { run?: StartedRun } = {};
  /** From now on, until one of this name is seen. */
  const hunts: NodeJS.Timeout[] = [];
  const hunt = (wanted: string): void => {
    const timer = setInterval(() => {
      const all = begun.run?.processes() ?? [];
      const victim = all.find(({ commandLine }) => commandLine.split(' ')[0]?.endsWith(`/${wanted}`));
      if (!victim) return;
      clearInterval(timer);
      try {
        process.kill(victim.pid, 'SIGKILL');
        acted.push('kill program');
      } catch {
        // It has just ended by itself.
      }
    }, 3);
    hunts.push(timer);
  };
  const strike = (stroke: Stroke): void => {
    switch (stroke.kind) {
      case 'signal':
        begun.run?.signal(stroke.signal);
        acted.push(stroke.signal);
        abrupt ||= stroke.signal === 'SIGKILL' || signalled !== undefined;
        signalled ??= performance.now();
        break;
      case 'kill program':
        hunt(stroke.program);
        break;
      case 'terminate':
        void bench.admin
          .query(
            'SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE application_name LIKE $1',
            [stroke.sessions],
          )
          .then(({ rows }) => {
            if ((rows as { ended: string }[])[0]?.ended !== '0') acted.push(stroke.kind);
          });
        break;
      default:
    }
  };
  const happens = (): void => {
    happened += 1;
    for (const stroke of step.strokes) {
      if ('at' in stroke && stroke.at === happened) strike(stroke);
      if (stroke.kind === 'signal' && stroke.againAt === happened) strike({ ...stroke });
    }
  };
  server.clearFaults();
  server.fault({
    operation: '*',
    action: (call) => {
      happens();
      return faults.decide(call);
    },
  });
  const started = startEntrypoint(env, { args, home: program.home, onStderr: happens, before: smallDisk(step) });
  begun.run = started;
  const timer = new AbortController();
  const overdue = sleep(longestMs * patience, true, { signal: timer.signal }).catch(() => false);
  void overdue.then((late) => {
    if (late) started.signal('SIGKILL');
  });
  const ended = await started.ended;
  timer.abort();
  for (const one of hunts) clearInterval(one);
  const tookTooLong = await overdue;
  if (signalled !== undefined && performance.now() - signalled > 19_500) abrupt = true;
  // What is under way for a client that is gone still ends.
  await sleep(server.calls.some(({ status }) => status === 0) ? 100 : 0);
  const orphans = await stillThere(started, abrupt ? orphansMs * patience : 0);
  for (const { pid } of started.processes()) process.kill(pid, 'SIGKILL');
  return {
    run: ended,
    step,
    acted: [...faults.acted, ...acted],
    abrupt,
    tookTooLong,
    // One that waits for ever does not notice that nobody reads it any more.
    orphans: abrupt ? (silent ? [] : orphans) : ended.leftBehind.map(({ commandLine }) => commandLine),
    scratch: readdirSync(tmp),
  };
}

/** Mounts a small file system over the folder for scratch servers, which the run alone sees. */
function smallDisk({ ownServer }: Step): string[] {
  if (typeof ownServer !== 'number' || process.getuid?.() !== 0) return [];
  const mount = `mount -t tmpfs -o size=${String(ownServer)}m,mode=1777 tmpfs "$TMPDIR"; exec "$@"`;
  return ['unshare', '--mount', 'sh', '-euc', mount, 'sh'];
}

async function stillThere(run: StartedRun, withinMs: number): Promise<string[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const left = run.processes();
    if (left.length === 0 || performance.now() > until) return left.map(({ commandLine }) => commandLine);
    await sleep(50);
  }
}
