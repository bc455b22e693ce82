import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { newestBinDir, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { screenAfter } from './terminal.ts';

const entrypoint = join(import.meta.dirname, '../../entrypoint.sh');
// Wide enough that no line of the log wraps.
const columns = 250;
let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.createDatabase('shop');
  await postgres.psql('CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) i', 'shop');
});
after(() => postgres.stop('immediate'));

/** A backup on a terminal of its own (util-linux's script), held in its only table until it is let go. */
function startBackup(variables: Record<string, string> = {}) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'store'));
  const [warned, gone] = [join(folder, 'warned'), join(folder, 'gone')];
  const wait = (file: string): string => `while [ ! -e '${file}' ]; do sleep 0.02; done`;
  const pgDump = fakePgDump(
    `echo 'pg_dump: dumping contents of table "public.t"' >&2
     ${wait(warned)}; echo 'pg_dump: warning: a warning of its own' >&2
     ${wait(gone)}; exec ${join(newestBinDir(), 'pg_dump')} "$@"`,
    postgres.major,
  );
  const child = spawn('script', ['-qec', `stty cols ${String(columns)} rows 30; exec ${entrypoint}`, '/dev/null'], {
    env: {
      PATH: process.env['PATH'],
      TERM: 'xterm-256color',
      DATABASE_URL: postgres.url('shop'),
      BACKUP_DESTINATION: `file://${join(folder, 'store')}`,
      GLOBALS: 'off',
      ...pgDump,
      ...variables,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
  return {
    written: () => written,
    screen: () => screenAfter(written, columns),
    warn: () => writeFileSync(warned, ''),
    letGo: () => writeFileSync(gone, ''),
    type: (keys: string) => child.stdin.write(keys),
    ended: once(child, 'close').then(([code]) => code as number),
  };
}

const isBar = (line: string | undefined): boolean =>
  /^shop [█░]+ +\d+ % dumped .*\/s {2}stored .* 1\/1 public\.t$/.test(line ?? '');

describe('a backup on a terminal', () => {
  test('has a bar at its foot, the log above it, and none of it left at the end', async () => {
    const run = startBackup();
    await until('the bar is there', () => isBar(run.screen().at(-1)));
    run.warn();
    await until('the warning is there, above the bar', () => {
      const screen = run.screen();
      return isBar(screen.at(-1)) && /WARN.*: pg_dump: a warning of its own$/.test(screen.at(-2) ?? '');
    });
    run.letGo();
    assert.equal(await run.ended, 0, run.written());
    const [begun, warning, done, result, ...rest] = run.screen();
    assert.match(begun ?? '', /INFO.*: backing up shop /);
    assert.match(warning ?? '', /WARN.*: pg_dump: a warning of its own$/);
    assert.match(done ?? '', /INFO.*: done: /);
    assert.match([result, ...rest].join(''), /^\{"outcome":"success".*\}$/);
    // eslint-disable-next-line no-control-regex -- colours are what is looked for
    assert.match(run.written(), /\u001b\[3\dm/);
  });

  test('that is stopped by Ctrl-C takes the bar away and says why it ended', async () => {
    const run = startBackup();
    await until('the bar is there', () => isBar(run.screen().at(-1)));
    run.type('\u0003');
    assert.equal(await run.ended, 130, run.written());
    const screen = run.screen();
    assert.deepEqual(screen.filter(isBar), []);
    assert.ok(
      screen.some((line) => /ERROR.*: stopped by SIGINT$/.test(line)),
      screen.join('\n'),
    );
  });

  test('has no colours with NO_COLOR, and the bar all the same', async () => {
    const run = startBackup({ NO_COLOR: '1' });
    await until('the bar is there', () => isBar(run.screen().at(-1)));
    run.warn();
    run.letGo();
    assert.equal(await run.ended, 0, run.written());
    // eslint-disable-next-line no-control-regex -- colours are what is looked for
    assert.doesNotMatch(run.written(), /\u001b\[[\d;]*m/);
  });

  test('has no bar with TERM=dumb, with CI and as JSON', async () => {
    for (const [name, value] of [
      ['TERM', 'dumb'],
      ['CI', 'true'],
      ['LOG_FORMAT', 'json'],
    ] as const) {
      const run = startBackup({ [name]: value });
      await until('the backup has begun', () => run.written().includes('backing up shop'));
      run.warn();
      run.letGo();
      assert.equal(await run.ended, 0, run.written());
      // eslint-disable-next-line no-control-regex -- what moves the cursor or erases
      assert.doesNotMatch(run.written(), /\u001b\[[\d?]*[A-HJKhl]|█|░/);
    }
  });
});
