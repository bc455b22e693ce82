import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PlainGuard } from '../../src/restore/plain-guard.ts';

/** What psql is given for a dump that comes in pieces of this size, without the lines of our own. */
async function guarded(dump: string, pieceBytes = dump.length + 1): Promise<string> {
  async function* pieces(): AsyncGenerator<Buffer> {
    const bytes = Buffer.from(dump);
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of new PlainGuard().guard(pieces())) chunks.push(chunk);
  const script = Buffer.concat(chunks).toString();
  const [, key, inner] =
    /^\\restrict (\w{32,})\nBEGIN;\n([^]*)\nCOMMIT;\n\\unrestrict \1\n\\echo \1\n$/.exec(script) ?? [];
  assert.ok(key !== undefined && inner !== undefined, script);
  return inner;
}

const header = '--\n-- PostgreSQL database dump\n--\n\n';
const body = 'SELECT 1;\n'.repeat(100);

test('the restriction that pg_dump wrote is replaced by one of our own, however the dump is cut into pieces', async () => {
  const dump = `${header}\\restrict aB3\n\n${body}--\n-- complete\n--\n\n\\unrestrict aB3\n\n`;
  for (const pieceBytes of [1, 7, 64, 255, 256, 257, 1000, 100_000]) {
    assert.equal(await guarded(dump, pieceBytes), `${header}\n${body}--\n-- complete\n--\n\n`, String(pieceBytes));
  }
});

describe('every other line stays, for psql to refuse', () => {
  for (const [what, dump] of [
    ['a restriction after the first command', `${header}${body}\\restrict a\n${body}`],
    ['a restriction with a key that is none', `${header}\\restrict a\`x\`\n${body}`],
    ['a second restriction', `${header}${body}\\restrict a\n\\restrict a\n`],
    ['an end without a beginning', `${header}${body}\\unrestrict a\n`],
    ['an end with words after it', `${header}${body}\\unrestrict a \`x\`\n`],
    ['nothing', ''],
    ['a dump without a line break', 'SELECT 1'],
    ['a dump of comments alone', header],
  ] as const) {
    test(what, async () => assert.equal(await guarded(dump, 300), dump));
  }

  test('an end with another key, or not at the end', async () => {
    for (const end of ['\\unrestrict b\n', `\\unrestrict a\n${body}`, ' \\unrestrict a\n', '\\unrestrict a b\n']) {
      assert.equal(await guarded(`${header}\\restrict a\n${body}${end}`, 300), `${header}${body}${end}`);
    }
  });
});

test('any text that is no dump passes unchanged', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '-', '\\', 'restrict ', ' '), maxLength: 600 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 700 }), async (dump, pieceBytes) => {
      fc.pre(!/^(--.*\n|\n)*\\restrict \w+\n/.test(dump));
      assert.equal(await guarded(dump, pieceBytes), dump);
    }),
  );
});

test('only the word after our last line says that psql has come to the end', async () => {
  const guard = new PlainGuard();
  const chunks: Uint8Array[] = [];
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  for await (const chunk of guard.guard(nothing())) chunks.push(chunk);
  const key = /\\echo (\w+)\n$/.exec(Buffer.concat(chunks).toString())?.[1] ?? '';
  guard.hear(Buffer.from(`${key}0\n`));
  assert.throws(() => guard.demandEnd(), { kind: 'dump', retryable: false });
  for (const part of [key.slice(0, 5), `${key.slice(5)}\n`]) guard.hear(Buffer.from(part));
  guard.demandEnd();
});
