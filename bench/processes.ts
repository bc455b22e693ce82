import { readdirSync, readFileSync } from 'node:fs';

/** One process of this machine, as /proc shows it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Of its program; the kernel cuts it after 15 characters. */
  readonly name: string;
  /** User and system time, without children. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that node runs on
const pageBytes = 4096;

/** Every process that can be seen now. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processInfo(Number(name)))
    .filter((one) => one !== undefined);
}

/** Undefined when it has gone. */
export function processInfo(pid: number): Process | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const [start, end] = [stat.indexOf('('), stat.lastIndexOf(')')];
  if (end === -1) return undefined;
  const field = stat.slice(end + 2).split(' ');
  return {
    pid,
    parent: Number(field[1]),
    name: stat.slice(start + 1, end),
    cpuSeconds: (Number(field[11]) + Number(field[12])) / ticksPerSecond,
    residentBytes: Number(field[21]) * pageBytes,
  };
}

/** A process, its children, their children, and so on. */
export function withDescendants(all: readonly Process[], pid: number): Process[] {
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return [...all.filter((one) => one.pid === pid), ...below(pid)];
}

/** The most memory that a process has held so far; 0 when it has gone. */
export function peakBytesOf(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** What a process has made the kernel write to disks; 0 when it has gone. */
export function diskBytesOf(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0);
}

/** Seconds that all processors together have worked, and that they could have, since the machine started. */
export function processorSeconds(): { readonly busy: number; readonly all: number } {
  const fields = /^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1]?.split(' ').map(Number) ?? [];
  const all = fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0);
  return { busy: (all - idle) / ticksPerSecond, all: all / ticksPerSecond };
}

/** Empty when the process has gone in the meantime. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
