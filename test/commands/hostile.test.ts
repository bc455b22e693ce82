import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { dumpOf, forgeDump, forgeStored } from './forged.ts';
import { custom, plain, refused, stored } from './shop.ts';

/** The plain dump with something put into it before the rows of its last table. */
function planted(text: string): string {
  const dump = dumpOf(plain()).toString();
  const at = dump.lastIndexOf('\nCOPY ');
  assert.ok(at > 0);
  return `${dump.slice(0, at)}\n${text}${dump.slice(at)}`;
}

describe('fault 74: what a hostile plain dump says to psql is not done, and nothing is left', () => {
  const folder = temporaryFolder();
  const cases: [what: string, words: (touched: string) => string][] = [
    ['a shell command', (touched) => `\\! touch ${touched}\n`],
    ['one behind a query', (touched) => `SELECT 1 \\! touch ${touched}\n`],
    ['a query whose rows go to a program', (touched) => `SELECT 1 \\g |touch ${touched}\n`],
    ['a program as output', (touched) => `\\o |touch ${touched}\n`],
    ['a program as the source of rows', (touched) => `\\copy customers FROM PROGRAM 'touch ${touched}'\n`],
    ['backquotes', (touched) => `\\echo \`touch ${touched}\`\n`],
    ['backquotes where the restriction ends', (touched) => `\\unrestrict \`touch ${touched}\`\n`],
    ['its own end of the restriction', (touched) => `\\unrestrict ${ownKey()}\n\\! touch ${touched}\n`],
    ['behind the end of a table', (touched) => `COPY public.customers FROM stdin;\n\\.\n\\! touch ${touched}\n`],
  ];
  for (const [index, [what, words]] of cases.entries()) {
    test(what, async () => {
      const touched = join(folder, String(index));
      forgeDump(plain(), planted(words(touched)));
      await refused(['restore', plain().id], {}, 65, /psql failed with exit code 3: .*restrict[^]*HINT: .*psql itself/);
      assert.ok(!existsSync(touched), 'a program was started');
    });
  }

  function ownKey(): string {
    return /^\\restrict (\w+)$/m.exec(dumpOf(plain()).toString())?.[1] ?? assert.fail('the dump has no restriction');
  }
});

test('fault 74: a plain dump is not given to a psql that is too old; a custom one is no matter', async () => {
  const old = fakePgDump('exit 1');
  await refused(
    ['restore', plain().id],
    old,
    78,
    /psql 15\.0 cannot load a script of a dump safely.*\n.*15\.19 or newer/,
  );
});

test('fault 70: an error in the middle of a plain dump leaves nothing', async () => {
  forgeDump(plain(), planted('SELECT 1/0;\n'));
  await refused(['restore', plain().id], {}, 65, /psql failed with exit code 3: .*division by zero/);
});

test('what a plain dump has committed on its way is told', async () => {
  forgeDump(plain(), planted('COMMIT;\nSELECT 1/0;\n'));
  const target = await stored.target();
  const run = await stored.run(['restore', plain().id], target.variables);
  assert.equal(run.exitCode, 65, run.stderr);
  const told = `division by zero; the target database ${target.name} now holds parts of the backup: .*3 tables`;
  assert.match(run.stderr, new RegExp(`ERROR: .*${told}.*\\n.*Drop that database`));
});

test('a plain dump that ends within the rows of a table leaves nothing', async () => {
  // psql takes what comes after for rows, and exits with 0.
  const dump = dumpOf(plain()).toString();
  const rows = dump.indexOf('\n', dump.indexOf('COPY sales.orders'));
  const text = dump.slice(0, rows).replace('COPY sales.orders (id, words)', 'COPY sales.orders (words)');
  forgeDump(plain(), `${text}\nwords\n`);
  await refused(['restore', plain().id], {}, 65, /ends within the rows of a table/);
});

describe('fault 73: a decompression bomb is found at the limit', () => {
  /** 50 GiB of long lines after this beginning, in frames of 1 GiB. */
  const bomb = (beginning: string): Buffer => {
    const frame = zstdCompressSync(Buffer.alloc(1024 ** 3, `${'a'.repeat(1024 ** 2)}\n`));
    const all = Buffer.concat([zstdCompressSync(Buffer.from(beginning)), ...Array.from({ length: 50 }, () => frame)]);
    assert.ok(all.length < 10_000_000, String(all.length));
    return all;
  };

  test('by verify, in bounded memory', async () => {
    forgeStored(custom(), bomb(''));
    const run = stored.start(['verify', custom().id]);
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, peakOf(run.pid))), 50);
    const { exitCode, stdout, leftBehind } = await run.ended;
    clearInterval(watch);
    assert.equal(exitCode, 65, stdout);
    assert.match(stdout, /^FAIL .*database\.dump\.zst decodes to more than 1\.\d+ GB, .*\n +If .*RESTORE_MAX_SIZE/m);
    assert.deepEqual(leftBehind, []);
    assert.ok(peak > 0 && peak < 300, `${String(peak)} MB`);
  });

  for (const [what, largeObjects] of [
    ['while it loads', 0],
    ['before it loads a dump that commits on its way', 1],
  ] as const) {
    test(`by restore, ${what}, and nothing is left`, async () => {
      const dump = dumpOf(plain()).toString();
      const rows = dump.slice(0, dump.indexOf('\n', dump.indexOf('COPY public.notes')) + 1);
      const beginning = rows.replace('COPY public.notes (id, words)', 'COPY public.notes (words)');
      assert.notEqual(beginning, rows);
      const { contents } = plain().manifest;
      const objects = { ...contents.objects, largeObjects };
      forgeStored(plain(), bomb(beginning), {
        artifact: { compression: 'zstd' },
        manifest: { contents: { ...contents, objects } },
      });
      const told = /\.sql\.gz decodes to more than 67\.1 MB.*\n.*HINT: If .*RESTORE_MAX_SIZE/;
      await refused(['restore', plain().id], { RESTORE_MAX_SIZE: '64MiB' }, 65, told);
    });
  }

  test('a limit that is too low is told before anything is left', async () => {
    await refused(
      ['restore', custom().id],
      { RESTORE_MAX_SIZE: '1MiB' },
      65,
      /dump\.zst decodes to more than 1\.05 MB/,
    );
  });
});

/** The most memory that a process has had, in MB; 0 when it is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}
