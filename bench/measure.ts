import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type CpuUse, watchCpu } from './cpu-use.ts';
import { diskBytesOf, peakBytesOf, processes, processInfo, withDescendants } from './processes.ts';

/** What one run of a program cost. */
export interface Measurement {
  readonly seconds: number;
  /** Of the process itself, without its children: user and system time. */
  readonly cpuSeconds: number;
  /** Of the process and everything that it started. */
  readonly treeCpuSeconds: number;
  /** Most memory that the process itself held, without its children. */
  readonly peakBytes: number;
  /** The same of the process and everything that it started, pages that several share counted for each. */
  readonly treePeakBytes: number;
  /** What the process and its children have written to disks, as the kernel counts it (sockets and pipes do not). */
  readonly diskBytes: number;
  /** The largest that the folder for temporary files was. */
  readonly temporaryBytes: number;
  /** Who used the processors of the machine meanwhile. */
  readonly use: CpuUse;
  readonly stdout: string;
}

/** Runs the program, tells its process, and at the end what it and its descendants have used, as `times` of bash does. */
const wrapper = '"$@" 3>&- & echo $! >&3; wait $!; code=$?; times >&3; exit $code';

const limitMs = 15 * 60_000;

/**
 * Runs a program to its end, or for 15 minutes, and watches it through /proc. `TMPDIR` of the environment is the folder that is watched.
 * Rejects when the program fails.
 */
export async function measure(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Measurement> {
  const useOf = watchCpu();
  const started = performance.now();
  const child = spawn('bash', ['-c', wrapper, 'measure', program, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let pid = 0;
  let told = '';
  const [, stdout, stderr, tell] = child.stdio as unknown as [null, Readable, Readable, Readable];
  tell.setEncoding('utf8').on('data', (words: string) => {
    told += words;
    pid ||= Number(/^(\d+)\n/.exec(told)?.[1] ?? 0);
  });
  let cpuSeconds = 0;
  let peakBytes = 0;
  let treePeakBytes = 0;
  let temporaryBytes = 0;
  const disk = new Map<number, number>();
  const look = () => {
    cpuSeconds = Math.max(cpuSeconds, processInfo(pid)?.cpuSeconds ?? 0);
    peakBytes = Math.max(peakBytes, peakBytesOf(pid));
  };
  const lookAround = () => {
    const all = processes();
    const tree = withDescendants(all, pid);
    useOf.look(all, tree);
    treePeakBytes = Math.max(
      treePeakBytes,
      tree.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    );
    for (const one of tree) disk.set(one.pid, diskBytesOf(one.pid));
    temporaryBytes = Math.max(temporaryBytes, folderBytes(env['TMPDIR'] ?? '/tmp'));
  };
  const end = () => {
    for (const one of withDescendants(processes(), child.pid ?? 0)) process.kill(one.pid, 'SIGKILL');
  };
  process.once('exit', end);
  const timers = [setInterval(look, 20), setInterval(lookAround, 200), setTimeout(end, limitMs)];
  const closed = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  try {
    const [output, errors, outcome] = await Promise.all([text(stdout), text(stderr), closed]);
    const seconds = (performance.now() - started) / 1000;
    if (outcome !== '0') throw new Error(`${program} ${args.join(' ')} ended with ${outcome}\n${errors}`);
    return {
      seconds,
      cpuSeconds,
      treeCpuSeconds: secondsOf(told),
      peakBytes,
      treePeakBytes,
      diskBytes: [...disk.values()].reduce((sum, bytes) => sum + bytes, 0),
      temporaryBytes,
      use: useOf.end(),
      stdout: output,
    };
  } finally {
    for (const timer of timers) clearInterval(timer);
    process.removeListener('exit', end);
  }
}

/** User and system time in the second line of `times`, which is that of the children. */
function secondsOf(times: string): number {
  const children = times.trim().split('\n').at(-1) ?? '';
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0);
}

function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true }) as string[];
  return files.reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}
