import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { everythingShown, withErrors } from '../../.ci/errors-table.ts';
import { byHand } from './by-hand.ts';

const root = join(import.meta.dirname, '../..');
const shown = everythingShown();

test('docs/ERRORS.md lists the errors that there are (npm run errors)', () => {
  const page = readFileSync(join(root, 'docs/ERRORS.md'), 'utf8');
  assert.equal(page, withErrors(page, shown));
});

test('every error is shown by a test, or there is a reason why not', () => {
  const bare = shown.filter(({ tests, untested }) => tests.length === 0 && untested === undefined);
  assert.deepEqual(
    bare.map(({ told: { file, line, messages } }) => `${file}:${line} ${messages.join(' / ')}`),
    [],
  );
});

test('every error is found: as many as the sources make, and in their words', () => {
  assert.ok(shown.length > 350, String(shown.length));
  for (const message of [
    'unknown command: …',
    'empty dump: pg_dump succeeded without writing a byte',
    'S3_SSE_KMS_KEY_ID needs S3_SSE=aws:kms',
    '… is neither true nor false',
  ]) {
    assert.ok(
      shown.some(({ told }) => told.messages.includes(message)),
      message,
    );
  }
});

test('what was looked up by hand still is so', () => {
  for (const { file, message, test: path } of byHand) {
    assert.ok(
      shown.some(({ told }) => told.file === file && told.messages[0] === message),
      `${file}: ${message}`,
    );
    assert.ok(path === undefined || existsSync(join(root, path)), path);
  }
});

test('messages are one line in lower case without a full stop, hints are whole sentences', () => {
  for (const { told } of shown) {
    for (const message of told.messages) {
      if (told.hints.includes(message)) continue;
      assert.doesNotMatch(message, /[^.]\.$/, `${told.file}:${told.line}`);
      assert.doesNotMatch(message, /^[A-Z][a-z]+ /, `${told.file}:${told.line} ${message}`);
      assert.doesNotMatch(message, /\s{2}|^\s/, `${told.file}:${told.line} ${message}`);
    }
    for (const hint of told.hints) {
      if (/\bUsage: |^(GRANT|ALTER|…)/.test(hint)) continue;
      assert.match(hint, /^(?:[A-Z`-]|pg_).*[.?!…);]$/s, `${told.file}:${told.line} ${hint}`);
    }
  }
});
