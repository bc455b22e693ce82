import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { StartedRun } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { newestBinDir } from '../support/postgres.ts';
import { scratchFolder } from '../support/scratch-server.ts';
import { until } from '../support/until.ts';
import { drills, editManifest, proofsOf } from './drills.ts';
import { age, custom, encrypted, flip, otherAge, stored } from './shop.ts';

/** The variables that have a command run in the restored database as soon as pg_restore has ended. */
function afterRestore(sql: string): Record<string, string> {
  const clients = temporaryFolder();
  const real = newestBinDir();
  const binDir = join(clients, /\/(\d+)\/bin$/.exec(real)?.[1] ?? '', 'bin');
  mkdirSync(binDir, { recursive: true });
  for (const name of readdirSync(real).filter((one) => one !== 'pg_restore'))
    symlinkSync(join(real, name), join(binDir, name));
  const script = `#!/bin/sh
    '${real}/pg_restore' "$@" || exit
    case "$*" in *--dbname=*) '${real}/psql' -Xqc '${sql}' ;; esac`;
  writeFileSync(join(binDir, 'pg_restore'), script);
  for (const folder of [clients, join(binDir, '..'), binDir, join(binDir, 'pg_restore')]) chmodSync(folder, 0o755);
  return { PG_CLIENTS_DIR: clients };
}

describe('fault 71: a difference is found', () => {
  test('where rows went missing in the scratch database', async () => {
    const { stdout } = await drills(
      stored,
      [custom().id],
      76,
      afterRestore('DELETE FROM public.customers WHERE id = 1'),
    );
    assert.match(stdout, /^COMPARED .*\ntable public\.customers +100 +99 +DIFFERENT\n/);
    assert.match(
      stdout,
      /\nFAILED: shop \S+: 1 of \d+ comparisons differs: table public\.customers \(99 instead of 100\)\n/,
    );
    const [proof] = proofsOf(custom());
    assert.equal(proof?.outcome, 'failed');
    assert.deepEqual(proof.differences, [{ what: 'table public.customers', expected: '100', found: '99' }]);
    assert.match((await stored.run(['list'])).stdout, new RegExp(`^${custom().id} .* FAILED$`, 'm'));
  });

  test('where the manifest was edited', async () => {
    editManifest(custom(), (contents) => {
      contents.tables.find(({ name }) => name === 'orders')!.rows = 20_001;
      contents.objects!['indexes'] = 7;
    });
    const { stdout } = await drills(stored, [custom().id], 76);
    assert.match(stdout, /^COMPARED .*\ntable sales\.orders +20,001 +20,000 +DIFFERENT\nindexes +7 +1 +DIFFERENT\n/);
  });

  test('where a constraint or an index is not valid', async () => {
    const sql = 'ALTER TABLE public.customers ADD CONSTRAINT odd CHECK (id > 0) NOT VALID';
    const { stdout } = await drills(stored, [custom().id], 76, afterRestore(sql));
    assert.match(stdout, /^constraints: FAILED: .*public\.odd/m);
  });
});

describe('an estimate is never a comparison', () => {
  test('where there is nothing else the drill could not run', async () => {
    editManifest(custom(), ({ tables }) => {
      for (const table of tables) table.exact = false;
    });
    const { stdout } = await drills(stored, [custom().id], 65);
    assert.match(stdout, /\ncould not run: shop \S+: no table whose rows could be compared/);
    assert.equal(proofsOf(custom())[0]?.outcome, 'could not run');
  });

  test('not even where it is right', async () => {
    editManifest(custom(), ({ tables }) => {
      tables[0]!.exact = false;
    });
    const { stdout } = await drills(stored, [custom().id], 0);
    assert.match(stdout, /^table public\.customers +about 100 +not compared: .*estimate$/m);
    assert.match(stdout, / same, 1 not compared\n$/);
    const [proof] = proofsOf(custom());
    assert.deepEqual(
      proof?.notCompared.map(({ what }) => what),
      ['table public.customers'],
    );
  });
});

describe('a damaged backup fails', () => {
  test('with a flipped byte', async () => {
    flip(custom().artifact, 200_000);
    const { stdout } = await drills(stored, [custom().id], 76);
    assert.match(stdout, /^FAILED: shop \S+: .*has the SHA-256/);
    assert.equal(proofsOf(custom())[0]?.outcome, 'failed');
  });
  test('fault 66: with a ciphertext that ends inside a chunk', async () => {
    truncateSync(encrypted().artifact, 200 + 100_000);
    const { stdout } = await drills(stored, [encrypted().id], 76, age);
    assert.match(stdout, /^FAILED: shop \S+: .*bytes, but the manifest records/);
  });
});

describe('a drill without the right key says nothing about the backup', () => {
  for (const [what, variables] of [
    ['a wrong one', otherAge],
    ['none', {}],
  ] as const) {
    test(what, async () => {
      const { stderr } = await drills(stored, [encrypted().id], 78, variables);
      assert.match(stderr, new RegExp(`drill of shop ${encrypted().id}: .*AGE_IDENTITY`));
      assert.deepEqual(proofsOf(encrypted()), []);
    });
  }
});

/** A drill that is at a check that takes for ever, and the folder of its server. */
async function startEndless(): Promise<{ scratch: ReturnType<typeof scratchFolder>; run: StartedRun }> {
  const scratch = scratchFolder();
  const endless = { ...scratch.variables, DRILL_CHECK_SQL: 'SELECT true FROM pg_sleep(600)' };
  const run = stored.start(['drill', custom().id], endless);
  await until('its check runs', () => scratch.serving().some((name) => /^postgres: .* SELECT$/.test(name)));
  return { scratch, run };
}

test('a drill that was stopped leaves nothing', async () => {
  const { scratch, run } = await startEndless();
  run.signal('SIGTERM');
  const { exitCode, leftBehind } = await run.ended;
  assert.deepEqual([exitCode, leftBehind], [143, []]);
  assert.deepEqual([scratch.left(), scratch.serving(), proofsOf(custom())], [[], [], []]);
});

test('fault 72: what a killed drill has left is removed by the next one', async () => {
  const { scratch, run } = await startEndless();
  run.signal('SIGKILL');
  await run.ended;
  assert.equal(scratch.left().length, 1);
  const next = await stored.run(['drill', custom().id], scratch.variables);
  assert.equal(next.exitCode, 0, next.stderr);
  assert.deepEqual([scratch.left(), scratch.serving()], [[], []]);
});
