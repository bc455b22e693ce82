import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { descendants } from '../test/support/processes.ts';

/** What one run of a program cost. */
export interface Measurement {
  readonly seconds: number;
  /** Of the process itself, without its children: user and system time. */
  readonly cpuSeconds: number;
  /** Most memory that the process itself held, without its children. */
  readonly peakBytes: number;
  /** What the process and its children have written to disks, as the kernel counts it (sockets and pipes do not). */
  readonly diskBytes: number;
  /** The largest that the folder for temporary files was. */
  readonly temporaryBytes: number;
  readonly stdout: string;
}

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that node runs on

/**
 * Runs a program to its end and watches it through /proc. `TMPDIR` of the environment is the folder that is watched.
 * Rejects when the program fails.
 */
export async function measure(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Measurement> {
  const started = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid ?? 0;
  let cpuSeconds = 0;
  let peakBytes = 0;
  let temporaryBytes = 0;
  const written = new Map<number, number>();
  const look = () => {
    cpuSeconds = Math.max(cpuSeconds, processorSeconds(pid));
    peakBytes = Math.max(peakBytes, kibibytes(pid, 'VmHWM') * 1024);
  };
  const lookAround = () => {
    for (const { pid: one } of [{ pid }, ...descendants(pid)]) written.set(one, diskBytes(one));
    temporaryBytes = Math.max(temporaryBytes, folderBytes(env['TMPDIR'] ?? '/tmp'));
  };
  const timers = [setInterval(look, 20), setInterval(lookAround, 250)];
  const closed = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? String(code)));
  });
  try {
    const [stdout, stderr, outcome] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    const seconds = (performance.now() - started) / 1000;
    if (outcome !== '0') throw new Error(`${program} ${args.join(' ')} ended with ${outcome}\n${stderr}`);
    const diskBytesInAll = [...written.values()].reduce((sum, bytes) => sum + bytes, 0);
    return { seconds, cpuSeconds, peakBytes, diskBytes: diskBytesInAll, temporaryBytes, stdout };
  } finally {
    for (const timer of timers) clearInterval(timer);
  }
}

function processorSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

function kibibytes(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function diskBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0);
}

function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true }) as string[];
  return files.reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Empty when the process has gone in the meantime. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
