import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envOfMany, type ManyBackups, startManyBackups } from '../test/support/many-backups.ts';

const minuteMs = 60_000;

/** What one command cost in a store of many backups. */
export interface CatalogCost {
  readonly command: string;
  /** Requests by kind: `ListObjectsV2`, `ListFolders` (the same with a delimiter), `GetObject` and so on. */
  readonly requests: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** One store, and what each command cost in it. */
export interface CatalogScene {
  readonly title: string;
  readonly costs: readonly CatalogCost[];
}

/**
 * Runs the commands that read the catalog in a store of so many backups, all of one database and then 100 times fewer of
 * each of 100. The server makes up what it lists, so that nothing but the command itself grows.
 * @param only titles of commands; all where undefined.
 */
export async function measureCatalog(
  backups: number,
  folder: string,
  say: (text: string) => void,
  only?: readonly string[],
): Promise<CatalogScene[]> {
  const newest = new Date(Date.now() - minuteMs);
  const stores: [string, ManyBackups][] = [
    ['One database, a backup every 5 minutes', { databases: 1, each: backups, everyMs: 5 * minuteMs, newest }],
    ['100 databases, one a night of each', { databases: 100, each: backups / 100, everyMs: 1440 * minuteMs, newest }],
  ];
  const scenes: CatalogScene[] = [];
  for (const [title, many] of stores) {
    const server = await startManyBackups(many);
    try {
      const costs: CatalogCost[] = [];
      for (const one of commands(many)) {
        if (only && !only.includes(one.command)) continue;
        say(`${title}: ${one.command}`);
        server.takeCalls();
        const cost = await run(one, { ...envOfMany(server.url), ...one.env }, folder);
        costs.push({ command: one.command, requests: server.takeCalls(), ...cost });
      }
      scenes.push({ title, costs });
    } finally {
      await server.close();
    }
  }
  return scenes;
}

interface Command {
  readonly command: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How it must end. */
  readonly exitCode?: number;
}

function commands({ databases, each, everyMs }: ManyBackups): Command[] {
  const main = join(import.meta.dirname, '../src/main.ts');
  const own = (command: string, more: Partial<Command> = {}): Command => {
    return { command, script: main, args: command.split(' '), ...more };
  };
  // All but the oldest stay, as in a store that has been pruned after every backup so far.
  const keepWithin = `${String(Math.round(((each - 1.5) * everyMs) / minuteMs))}m`;
  const database = databases === 1 ? 'shop' : 'db050';
  const target = { TARGET_DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' };
  return [
    own('list --last 30'),
    own(databases === 1 ? 'check --max-age 26h' : 'check --max-age 48h'),
    // It finds the backup and reads its manifest before it misses the key.
    own(`restore latest --database ${database}`, { env: target, exitCode: 78 }),
    {
      command: 'retention after a backup',
      script: join(import.meta.dirname, 'catalog-retention.ts'),
      args: [database, keepWithin],
    },
    own('prune --dry-run', { args: ['prune', '--dry-run', '--all'], env: { KEEP_WITHIN: keepWithin } }),
    own('list'),
    own('report', { args: ['report', '--out', '/dev/null'] }),
  ];
}

/** Runs a script of this checkout with the flags of entrypoint.sh, and asks it itself for what it has used. */
async function run(
  { command, script, args, exitCode = 0 }: Command,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<Pick<CatalogCost, 'cpuSeconds' | 'peakBytes'>> {
  const usage = join(folder, 'usage.json');
  const output = join(folder, 'output.txt');
  writeFileSync(usage, '');
  const flags = ['--max-semi-space-size=2', '--import', join(import.meta.dirname, 'usage-at-exit.ts')];
  const child = spawn('sh', ['-c', 'exec "$0" "$@" > "$OUTPUT" 2>&1', process.execPath, ...flags, script, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env, USAGE_FILE: usage, OUTPUT: output },
    stdio: 'ignore',
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== exitCode) throw new Error(`${command} ended with ${String(code)}\n${readFileSync(output, 'utf8')}`);
  return JSON.parse(readFileSync(usage, 'utf8')) as Pick<CatalogCost, 'cpuSeconds' | 'peakBytes'>;
}

/** The costs as a table for people. */
export function catalogTable({ title, costs }: CatalogScene): string {
  const rows = costs.map(({ command, requests, cpuSeconds, peakBytes }) => {
    const listed = (requests['ListObjectsV2'] ?? 0) + (requests['ListFolders'] ?? 0);
    const { ListObjectsV2: _1, ListFolders: _2, GetObject: read = 0, ...others } = requests;
    const rest = Object.values(others).reduce((sum, count) => sum + count, 0);
    const cells = [listed, read, rest].map((count) => count.toLocaleString('en-US'));
    return `| \`${command}\` | ${cells.join(' | ')} | ${cpuSeconds.toFixed(1)} | ${Math.round(peakBytes / 1e6)} |`;
  });
  return `${title}:

| command | listings | objects read | others | CPU seconds | peak MB |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}`;
}
