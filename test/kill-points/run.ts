import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const usage = `npm run kill-points [-- [--calls N[-M]] [--minutes N] [word ...]]
npm run at-once [-- [--times N]]

kill-points kills runs with SIGKILL at every single call that they make, which takes hours on two cores. A word keeps the
files of test/kill-points whose names hold it (backup, directory, drill, lost-reply, prune, readers, restore).

Either ends with the rows of the table of docs/RELIABILITY.md, also where it is interrupted. A point that fails is shown at
once, and the rest goes on: try it again with --calls and the file's word.

  --calls N[-M]  only at the N-th call, or at the N-th to the M-th
  --minutes N    begin no kill of a sweep after so many minutes of it: each call is tried in one way before any in another
  --times N      at-once: how often two runs are started at once (default: 100)
  --help         show this
`;
const root = join(import.meta.dirname, '../..');

/** What the command line asks for, or what is wrong with it. */
function asked(): { files: string[]; env: Record<string, string> } | string {
  try {
    const atOnce = process.argv[2] === 'at-once';
    const args = process.argv.slice(atOnce ? 3 : 2);
    const text = { type: 'string' } as const;
    const options = {
      ...(atOnce ? { times: text } : { calls: text, minutes: text }),
      help: { type: 'boolean' } as const,
    };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: !atOnce });
    if (values.help) return '';
    const {
      calls = 'all',
      times = '100',
      minutes = '',
    } = values as Record<'calls' | 'times' | 'minutes', string | undefined>;
    if (!/^(all|[1-9]\d*(-[1-9]\d*)?)$/.test(calls)) return `--calls ${calls}: not N or N-M`;
    if (!/^[1-9]\d*$/.test(times)) return `--times ${times}: not a number`;
    if (!/^\d*$/.test(minutes)) return `--minutes ${minutes}: not a number`;
    const mine = globSync('test/kill-points/*.test.ts', { cwd: root })
      .filter((file) => file.endsWith('/at-once.test.ts') === atOnce)
      .sort();
    const none = positionals.find((word) => !mine.some((file) => file.includes(word)));
    if (none !== undefined) return `${none}: no file of test/kill-points has this in its name`;
    const files = mine.filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)));
    const env = {
      KILL_POINTS: /^\d+$/.test(calls) ? `${calls}-${calls}` : calls,
      AT_ONCE: times,
      ...(minutes !== '' && { KILL_POINTS_MINUTES: minutes }),
    };
    return { files, env };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const plan = asked();
if (typeof plan === 'string') {
  if (plan === '') process.stdout.write(usage);
  else process.stderr.write(`${plan}\n\n${usage}`);
  process.exitCode = plan === '' ? 0 : 2;
} else {
  const rows = mkdtempSync(join(tmpdir(), 'pg-offsite-kill-rows-'));
  const child = spawn(
    process.execPath,
    [
      ...['--test', '--test-force-exit', '--test-concurrency=1', '--test-timeout=14400000', '--test-reporter=spec'],
      ...plan.files,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...plan.env, KILL_POINTS_ROWS: rows } },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('close', (exitCode) => {
    process.stdout.write('\n| run | calls | tried | what was left |\n| --- | --- | --- | --- |\n');
    for (const file of readdirSync(rows).sort()) process.stdout.write(readFileSync(join(rows, file)));
    rmSync(rows, { recursive: true });
    process.exitCode = exitCode ?? 1;
  });
}
