import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLog } from '../../src/log.ts';
import { LiveLines } from '../../src/report/live-lines.ts';
import type { Position } from '../../src/report/position.ts';
import { barLine, progressBars } from '../../src/report/progress-bars.ts';
import { progressLines } from '../../src/report/progress.ts';
import { createReporting } from '../../src/report/reporting.ts';
import { FakeMetronome } from './fake-metronome.ts';
import { screenAfter } from './terminal.ts';

const same = (text: string): string => text;
const half: Position = {
  step: 'dumped',
  bytes: 600_000_000,
  storedBytes: 100_000_000,
  table: { name: 'public.orders', number: 3, of: 12 },
  share: 0.5,
};

/** An output that keeps what is written to it. */
function kept(about: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
  const output = {
    text: '',
    write: (more: string) => void (output.text += more),
    ...about,
  };
  return output;
}

describe('where nobody looks', () => {
  test('a line each 30 seconds tells how far the work is, until it ends', async () => {
    const [metronome, output] = [new FakeMetronome(), kept()];
    const log = createLog({ format: 'json', level: 'info' }, output, same);
    const followed = progressLines(metronome).follow({ name: 'shop', log, look: () => half });
    await metronome.pass(29_999);
    assert.equal(output.text, '');
    await metronome.pass(30_001);
    followed[Symbol.dispose]();
    await metronome.pass(90_000);
    const lines = output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines.length, 2);
    const { time, ...first } = lines[0]!;
    assert.equal(typeof time, 'string');
    assert.deepEqual(first, {
      level: 'info',
      event: 'progress',
      step: 'dumped',
      bytes: 600_000_000,
      storedBytes: 100_000_000,
      bytesPerSecond: 20_000_000,
      table: 'public.orders',
      tableNumber: 3,
      tables: 12,
      leftMs: 30_000,
      msg: 'dumped 600 MB at 20 MB/s, stored 100 MB, in table 3/12 public.orders, about 30s left',
    });
    assert.equal(lines[1]!['bytesPerSecond'], 0);
    assert.equal(metronome.beating, 0);
  });

  test('a line for people says each of it once', async () => {
    const [metronome, output] = [new FakeMetronome(), kept()];
    const log = createLog({ format: 'auto', level: 'info' }, output, same);
    using _followed = progressLines(metronome).follow({ name: 'shop', log, look: () => half });
    await metronome.pass(30_000);
    assert.match(output.text, /INFO.*: dumped 600 MB .* about 30s left\n$/);
  });
});

describe('a bar', () => {
  const standing = { ...half, bytesPerSecond: 20_000_000, leftMs: 90_000 };
  const plain = { colours: false, redact: same };

  test('tells what, how much, how fast, how long and which table in one line', () => {
    assert.equal(
      barLine('shop', standing, 119, plain),
      'shop ████████████░░░░░░░░░░░░  50 % dumped 600 MB  20 MB/s  stored 100 MB  about 1m 30s left  3/12 public.orders',
    );
  });

  test('fits any width', () => {
    for (let width = 1; width < 200; width++) {
      const line = barLine('a database with a long name', standing, width, plain);
      assert.ok(line.length <= width, `${String(width)}: ${line}`);
    }
  });

  test('is none where nobody knows the share', () => {
    const line = barLine('shop', { ...standing, share: undefined, leftMs: undefined }, 119, plain);
    assert.equal(line, 'shop … dumped 600 MB  20 MB/s  stored 100 MB  3/12 public.orders');
  });

  test('says what comes after the last byte', () => {
    const line = barLine('shop', { ...standing, share: 1, leftMs: undefined, then: 'the indexes' }, 119, plain);
    assert.match(line, /100 % dumped 600 MB {2}20 MB\/s {2}stored 100 MB {2}now the indexes/);
  });

  test('holds neither secrets nor what a name of a table could do to a terminal', () => {
    const table = { name: 'evil\u001b[2J\nsecret', number: 1, of: undefined };
    const redact = (text: string): string => text.replaceAll('secret', '***');
    const line = barLine('the secret', { ...standing, table }, 150, { colours: true, redact });
    assert.match(line, /^the \*\*\* /);
    assert.match(line, /1 evil\\u001b\[2J\\n\*\*\*$/);
  });
});

describe('bars on a terminal', () => {
  test('stand at its foot, one for each work, with the log above them, and leave nothing behind', async () => {
    const metronome = new FakeMetronome();
    const output = kept({ isTTY: true, columns: 100, rows: 20 });
    const screen = new LiveLines(output);
    const progress = progressBars(screen, { colours: true, redact: same }, metronome);
    const log = createLog({ format: 'auto', level: 'info' }, screen, same);
    const shown = (): string[] => screenAfter(output.text, 100);
    log.info('begun');
    const shop = progress.follow({ name: 'shop', log, look: () => half });
    const crm = progress.follow({ name: 'crm', log, look: () => Promise.resolve({ ...half, share: 0.25 }) });
    // What draws is loaded first.
    await import('log-update');
    await metronome.pass(1000);
    const [begun, ...bars] = shown();
    assert.match(begun ?? '', /begun$/);
    assert.deepEqual(
      bars.map((line) => line.slice(0, 11)),
      ['shop ██████', 'crm ██████░'],
    );
    log.warn('a line that comes meanwhile\nand goes on');
    assert.match(shown().join('\n'), /begun\n.*a line that comes meanwhile\n.*and goes on\nshop .*\ncrm .*$/);
    crm[Symbol.dispose]();
    await metronome.pass(250);
    assert.match(shown().join('\n'), /and goes on\nshop [^\n]*$/);
    shop[Symbol.dispose]();
    assert.match(shown().join('\n'), /and goes on$/);
    log.info('ended');
    assert.match(shown().join('\n'), /and goes on\n.*ended$/);
    assert.equal(metronome.beating, 0);
  });

  test('are drawn only where somebody can see them', async () => {
    const terminal = { isTTY: true, columns: 100, rows: 20 };
    const draws = async (
      about: Parameters<typeof kept>[0],
      env: Record<string, string>,
      config: Partial<Parameters<typeof createReporting>[1]> = {},
    ): Promise<boolean> => {
      const output = kept(about);
      const edge = { env, stderr: new LiveLines(output), command: 'backup', runId: 'run-1' };
      const { log, progress } = createReporting(edge, { format: 'auto', level: 'info', ...config }, same);
      await import('log-update');
      using _followed = progress.follow({ name: 'shop', log, look: () => half });
      await new Promise((resolve) => setImmediate(resolve));
      return output.text.includes('shop');
    };
    const xterm = { TERM: 'xterm' };
    assert.equal(await draws(terminal, xterm), true);
    assert.equal(await draws(terminal, { ...xterm, CI: '' }), true);
    assert.equal(await draws(terminal, xterm, { format: 'pretty' }), true);
    assert.equal(await draws({}, xterm), false);
    assert.equal(await draws({ ...terminal, columns: 0 }, xterm), false);
    assert.equal(await draws(terminal, {}), false);
    assert.equal(await draws(terminal, { TERM: 'dumb' }), false);
    assert.equal(await draws(terminal, { ...xterm, CI: 'true' }), false);
    assert.equal(await draws(terminal, xterm, { format: 'json' }), false);
    assert.equal(await draws(terminal, xterm, { level: 'warn' }), false);
  });
});
