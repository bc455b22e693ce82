import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { shellQuote } from '../../src/catalog/unpack-command.ts';

/** What a shell makes of it: the arguments that it hands to a program. */
function words(shell: string, text: string): string[] {
  const script = `set -e; args() { for word; do printf '%s\\0' "$word"; done; }; args ${text}`;
  const { stdout, status, stderr } = spawnSync(shell, ['-c', script], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  });
  assert.equal(status, 0, stderr);
  return stdout.split('\0').slice(0, -1);
}

const nasty = [
  '',
  ' ',
  "it's",
  `"q"`,
  '$(id)',
  '`id`',
  '$HOME',
  'a;b',
  'a&&b',
  'a|b',
  '~',
  '~root',
  '*',
  '-rf',
  'a\nb',
  '\\',
  "'\\''",
  '!!',
  '#x',
  '{a,b}',
  'ü🐘',
  '\t',
  '%1',
  'a=b',
  '>x',
];

for (const shell of ['bash', 'sh']) {
  describe(`a quoted value is one word, unchanged, to ${shell}`, () => {
    test('names that are nasty', () => {
      assert.deepEqual(words(shell, nasty.map(shellQuote).join(' ')), nasty);
    });

    test('any text at all', () => {
      const texts = fc.array(
        fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed()),
        { minLength: 1, maxLength: 20 },
      );
      fc.assert(
        fc.property(texts, (values) => {
          assert.deepEqual(words(shell, values.map(shellQuote).join(' ')), values);
        }),
        { numRuns: 30 },
      );
    });
  });
}

test('what needs no quotes gets none, so that addresses stay readable', () => {
  assert.equal(shellQuote('s3://bucket/shop/20261120T020000Z-k3f9q2'), 's3://bucket/shop/20261120T020000Z-k3f9q2');
});
