import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as z from 'zod';

/** A process, known for certain among those that see each other: `place` is the host, its start and its process ids. */
export const processIdentity = z.object({
  place: z.string(),
  pid: z.number().int().positive(),
  startedTicks: z.string(),
});

/** See {@link processIdentity}. */
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** This process, for marking what it makes. */
export async function whoWeAre(): Promise<ProcessIdentity> {
  return { place: await ourPlace(), pid: process.pid, startedTicks: (await startedTicks(process.pid)) ?? '' };
}

/** Containers may share a host name and a folder without seeing each other's processes. */
export async function ourPlace(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const processIds = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()} ${boot.trim()} ${processIds}`;
}

/** Whether a process of {@link ourPlace} still lives; of another place this cannot be told. */
export async function isAlive({ pid, startedTicks: started }: Omit<ProcessIdentity, 'place'>): Promise<boolean> {
  return (await startedTicks(pid)) === started;
}

/** When a process was started, in ticks since the start of the machine; undefined when it is dead. */
async function startedTicks(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  // The name in brackets may itself hold spaces and brackets: what follows the last one is regular.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
