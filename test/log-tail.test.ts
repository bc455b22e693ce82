import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../src/log.ts';
import { keepTail } from '../src/log-tail.ts';
import { createRedactor } from '../src/redact.ts';
import { Secret } from '../src/config/secret.ts';

/** A terminal, or what is none. */
class Output {
  written = '';
  readonly columns = 90;
  isTTY: boolean;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.written += text;
    return true;
  }

  hasColors(): boolean {
    return this.isTTY;
  }
}

const redact = createRedactor([new Secret('canary')]);

for (const format of ['auto', 'pretty', 'json'] as const) {
  test(`the last lines of a log in the format ${format} are kept in words, without secrets`, () => {
    const output = new Output();
    const tail = keepTail(output);
    const log = createLog({ format, level: 'info' }, tail.output, redact);
    log.info('the password is canary');
    log.error({ kind: 'dump' }, 'pg_dump failed\nHINT: look');
    log.debug('not logged');
    const told = tail.lines().map((line) => line.replace(/^\[[^\]]*\] /, ''));
    assert.deepEqual(
      told.map((line) => line.trim()),
      ['INFO: the password is ***', 'ERROR: pg_dump failed', 'HINT: look'],
    );
    assert.match(output.written, /the password is \*\*\*/);
  });
}

test('20 lines are kept, and none without end', () => {
  const tail = keepTail(new Output());
  for (let index = 1; index <= 50; index += 1) tail.output.write(`line ${String(index)}\n`);
  assert.deepEqual([tail.lines().length, tail.lines()[0], tail.lines().at(-1)], [20, 'line 31', 'line 50']);
  tail.output.write(`${'x'.repeat(1e6)}\n`);
  assert.ok((tail.lines().at(-1)?.length ?? 0) <= 2000);
});

test('what is drawn in place is not kept', () => {
  const output = new Output(true);
  const tail = keepTail(output);
  tail.output.write('\u001b[31mERROR\u001b[39m: red\n');
  tail.output.write('\u001b[2K\u001b[1A\u001b[2K\u001b[Gdumped 50%\n');
  assert.deepEqual(tail.lines(), ['ERROR: red']);
  assert.match(output.written, /dumped 50%/);
});

test('the output is like the one behind it', () => {
  const { output } = keepTail(new Output(true));
  assert.deepEqual([output.isTTY, output.columns, output.hasColors?.()], [true, 90, true]);
});
