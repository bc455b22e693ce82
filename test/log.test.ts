import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { LogConfig } from '../src/config/config.ts';
import { Secret } from '../src/config/secret.ts';
import { reportFailure } from '../src/commands/report-failure.ts';
import { Failure } from '../src/errors.ts';
import { createLog, type Log } from '../src/log.ts';
import { createRedactor } from '../src/redact.ts';

const escapeCharacter = '\u001b';

/** What a log of this kind writes. */
function written(
  config: Partial<LogConfig>,
  isTTY: boolean | undefined,
  act: (log: Log) => void,
  secrets: Secret[] = [],
): string {
  let text = '';
  const output = {
    isTTY,
    write: (more: string) => {
      text += more;
    },
  };
  act(createLog({ format: 'auto', level: 'info', ...config }, output, createRedactor(secrets)));
  return text;
}

describe('json', () => {
  test('is one object a line, with time, level, fields and message, on a terminal too', () => {
    for (const isTTY of [true, false]) {
      const text = written({ format: 'json' }, isTTY, (log) => {
        log.info({ bytes: 12 }, 'first\nstill the first');
        log.warn('second');
      });
      assert.match(text, /^[^\n]+\n[^\n]+\n$/);
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const times = lines.map((line) => line['time']);
      assert.deepEqual(lines, [
        { level: 'info', time: times[0], bytes: 12, msg: 'first\nstill the first' },
        { level: 'warn', time: times[1], msg: 'second' },
      ]);
      for (const time of times) assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });
});

test('a secret that looks like part of JSON does not break the lines that hold it', () => {
  for (const secret of ['123', 'nxyz', 'info', 'u0000']) {
    const act = (log: Log): void => log.info({ bytes: 412_345, text: `a\n\0${secret}` }, `\nxyz ${secret}`);
    const line = JSON.parse(written({ format: 'json' }, false, act, [new Secret(secret)])) as Record<string, unknown>;
    assert.equal(line['bytes'], 412_345);
    assert.deepEqual([line['text'], line['msg']], ['a\n\0***', '\nxyz ***']);
    written({}, false, act, [new Secret(secret)]);
  }
});

describe('auto and pretty', () => {
  test('auto is plain lines where there is no terminal', () => {
    for (const isTTY of [false, undefined]) {
      const text = written({}, isTTY, (log) => log.info('begun'));
      assert.match(text, /^\[?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*INFO.*begun\n$/);
      assert.ok(!text.includes(escapeCharacter));
    }
  });

  test('auto on a terminal, and pretty anywhere, is coloured lines with a short time', () => {
    for (const [format, isTTY] of [
      ['auto', true],
      ['pretty', false],
    ] as const) {
      const text = written({ format }, isTTY, (log) => log.info('begun'));
      assert.ok(text.includes(escapeCharacter));
      assert.match(text, /\d\d:\d\d:\d\d/);
      assert.match(text, /begun/);
      assert.doesNotMatch(text, /\d{4}-\d\d-\d\d/);
    }
  });
});

test('what is below the level is not written', () => {
  const act = (log: Log): void => {
    log.debug('d');
    log.info('i');
    log.warn('w');
    log.error('e');
  };
  const messages = (level: LogConfig['level']): number =>
    written({ level, format: 'json' }, false, act).split('\n').length - 1;
  assert.deepEqual((['debug', 'info', 'warn', 'error'] as const).map(messages), [4, 3, 2, 1]);
});

test('lines for people tell each field that the message does not, once', () => {
  const text = written({}, false, (log) =>
    log.warn({ key: 'shop/x', uploadId: 'u1', attempts: 7, storedBytes: 8 }, 'left behind'),
  );
  assert.match(text, /WARN.*: left behind \{"key":"shop\/x","uploadId":"u1","attempts":7\}\n$/);
});

describe('no line holds a secret, wherever in it the secret was', () => {
  const canary = 'canary"@:/%#\\word';
  for (const [format, isTTY] of [
    ['json', false],
    ['auto', false],
    ['auto', true],
    ['pretty', false],
  ] as const) {
    test(`${format}${isTTY ? ' on a terminal' : ''}`, () => {
      const act = (log: Log): void => {
        log.info(`message ${canary}`);
        log.warn({ field: canary, deep: { list: [canary] }, [canary]: 1 }, 'fields');
        log.error({ err: new Failure('dump', `error ${canary}`, { cause: new Error(`cause ${canary}`) }) }, 'error');
        log.info(`postgres://user:${encodeURIComponent(canary)}@host/db`);
        log.child({ bound: canary }).info('bound');
      };
      const text = written({ format }, isTTY, act, [new Secret(canary)]);
      assert.ok(text.split('\n').length > 5);
      for (const form of ['canary', encodeURIComponent(canary), Buffer.from(canary).toString('base64')]) {
        assert.ok(!text.includes(form), text);
      }
    });
  }
});

test('what others named cannot look like a line of the log, nor move the cursor', () => {
  const name = 'a\u001b[2J\n[2026-01-01 00:00:00.000 +0000] INFO: backup stored\r\u202eb\u009b1A';
  for (const isTTY of [false, true]) {
    const text = written({}, isTTY, (log) => {
      log.warn({ key: name }, `table ${name}`);
      reportFailure(log, new Failure('dump', `no ${name}\nHINT: run this`, { hint: 'Do that.' }));
    });
    const lines = stripVTControlCharacters(text).trimEnd().split('\n');
    assert.equal(lines.filter((line) => /^\S*\[/.test(line)).length, 2, text);
    assert.equal(lines.filter((line) => line.startsWith('HINT: ')).join(), 'HINT: Do that.');
    assert.ok(text.includes(String.raw`table a\u001b[2J`), text);
    for (const hidden of ['\u001b[2J', '\r', '\u202e', '\u009b']) assert.ok(!text.includes(hidden), text);
  }
});
