import { type Process, processes, processorSeconds } from './processes.ts';

/** Who used the processors of the machine during a run: what shows a limit. */
export interface CpuUse {
  /** 1 when all of them worked all the time. */
  readonly busy: number;
  /** Seconds by program; what was measured by its names, what served it by what it is, and this one with its relay as `bench`. */
  readonly seconds: Readonly<Record<string, number>>;
}

const servers = [
  { name: /^postgres$/, title: 'PostgreSQL' },
  { name: /^(radosgw|ceph-)/, title: 'S3 store' },
] as const;

/** Begins to watch; `look` now and then, since what ends between two looks is not seen from then on. */
export function watchCpu(): {
  look: (all: readonly Process[], tree: readonly Process[]) => void;
  end: () => CpuUse;
} {
  const before = processorSeconds();
  const first = new Map(processes().map((one) => [one.pid, one.cpuSeconds]));
  const last = new Map<number, { title: string; cpuSeconds: number }>();
  const look = (all: readonly Process[], tree: readonly Process[]) => {
    const measured = new Set(tree.map(({ pid }) => pid));
    for (const { pid, parent, name, cpuSeconds } of all) {
      const own = pid === process.pid || parent === process.pid ? 'bench' : 'other';
      const served = servers.find((server) => server.name.test(name))?.title ?? own;
      const title = measured.has(pid) ? name.replace(/^MainThread$/, 'node') : served;
      last.set(pid, { title: last.get(pid)?.title ?? title, cpuSeconds });
    }
  };
  const end = (): CpuUse => {
    look(processes(), []);
    const after = processorSeconds();
    const seconds: Record<string, number> = {};
    for (const [pid, { title, cpuSeconds }] of last)
      seconds[title] = (seconds[title] ?? 0) + cpuSeconds - (first.get(pid) ?? 0);
    return { busy: (after.busy - before.busy) / (after.all - before.all), seconds };
  };
  return { look, end };
}
