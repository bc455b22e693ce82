import type { Verdict } from './seed.ts';

/** What many seeds come to. */
export class Figures {
  readonly #began = performance.now();
  readonly #ends = new Map<string, number>();
  readonly #acted = new Map<string, number>();
  /** How many were tried. */
  seeds = 0;
  #runs = 0;
  #restored = 0;
  /** Seeds that broke the promise. */
  readonly broken: number[] = [];

  add({ seed, wrong, runs, restored }: Verdict): void {
    this.seeds += 1;
    this.#restored += restored;
    if (wrong.length > 0) this.broken.push(seed);
    for (const { run, step, acted } of runs) {
      this.#runs += 1;
      count(this.#ends, `${step.command} ${run.signal ?? String(run.exitCode)}`);
      for (const what of acted) count(this.#acted, what);
    }
  }

  /** The table of docs/RELIABILITY.md. */
  table(): string {
    const commands = [...new Set([...this.#ends.keys()].map((end) => end.split(' ')[0] ?? ''))].sort();
    const rows = [
      ['seeds, runs', `${String(this.seeds)}, ${String(this.#runs)}`],
      ['backups restored with stock tools and compared', String(this.#restored)],
      ...commands.map((command) => [`ends of \`${command}\``, endsOf(command, this.#ends)]),
      ['faults', listed([...this.#acted])],
      ['seeds that broke the promise', this.broken.length === 0 ? 'none' : this.broken.join(', ')],
    ];
    return `${[['', ''], ['---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
  }

  describe(): string {
    const seconds = (performance.now() - this.#began) / 1000;
    const list = (counts: ReadonlyMap<string, number>): string =>
      [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, times]) => `${what}: ${String(times)}`)
        .join(', ');
    return [
      `${String(this.seeds)} seeds, ${String(this.#runs)} runs in ${seconds.toFixed(0)} s; ${String(this.#restored)} backups restored and compared`,
      `ends: ${list(this.#ends)}`,
      `faults: ${list(this.#acted)}`,
      this.broken.length === 0 ? 'the promise held' : `BROKEN by the seeds ${this.broken.join(', ')}`,
      '',
    ].join('\n');
  }
}

/** The exit codes of one command, such as `0 (36), 65 (9)`. */
function endsOf(command: string, ends: ReadonlyMap<string, number>): string {
  const mine = [...ends].filter(([end]) => end.startsWith(`${command} `));
  return listed(mine.map(([end, times]) => [end.slice(command.length + 1), times]));
}

function listed(counts: readonly (readonly [string, number])[]): string {
  return counts
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, times]) => `${what} (${String(times)})`)
    .join(', ');
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
