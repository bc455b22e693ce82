import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Findings } from '../../src/config/findings.ts';
import { parseFleetFile } from '../../src/fleet/file.ts';
import { near } from './near.ts';

const fleet = `defaults: { KEEP_DAILY: 7 }
members:
  - { name: shop, urlEnv: SHOP_URL, set: { TABLES: "a,b" } }
  - name: crm
    url: postgres://u:canary!pass@db/crm
  - &a { name: erp, urlFile: ./erp }
`;

describe('a fleet file', () => {
  const read = (text: string): Findings => {
    const findings = new Findings();
    const read_ = parseFleetFile(text, 'fleet.yaml', findings);
    for (const member of read_?.members ?? []) assert.ok(read_!.describe(member).includes(member.name));
    return findings;
  };

  test('is read, or its problems are told without its passwords', () => {
    const seeds = [fleet, '- { name: a, url: "postgres://u:canary!pass@h/d" }', '[]', '? {a: b}\n: c\n--- x'];
    const check = (text: string): void => {
      const { problems, warnings } = read(text);
      for (const told of [...problems, ...warnings]) assert.ok(!told.includes('canary!pass'), told);
    };
    fc.assert(fc.property(near(seeds), check), { numRuns: 500 });
  });

  test(
    'is read in time and in little memory, however it nests, refers to itself and repeats',
    { timeout: 60_000 },
    () => {
      const billion = Array.from(
        { length: 30 },
        (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`,
      );
      for (const text of [
        '['.repeat(100_000),
        '{a: '.repeat(100_000),
        '- '.repeat(50_000),
        '? '.repeat(50_000),
        'a: '.repeat(50_000),
        ' '.repeat(1_000_000),
        '&a '.repeat(50_000),
        '!!x '.repeat(50_000),
        '"'.repeat(100_000),
        '%YAML '.repeat(50_000),
        '--- a\n'.repeat(20_000),
        `${'a'.repeat(100_000)}: b`,
        `a0: &a0 [x, x]\n${billion.join('\n')}`,
        `defaults: &a0 { A: x }\nmembers: &a [*a, *a]`,
        `members:\n${'  - { name: shop }\n'.repeat(5000)}`,
        '<<: {a: b}\n__proto__: {members: []}\nconstructor: x',
      ]) {
        const before = process.memoryUsage().heapUsed;
        read(text);
        assert.ok(process.memoryUsage().heapUsed - before < 512 * 1024 ** 2, text.slice(0, 40));
      }
    },
  );
});

test('a secret that a missing space has made part of a name in a fleet file is not told', () => {
  for (const text of [
    '- {name: shop, url:postgres://u:canary!pass@h/d}',
    'members: [{name: a, urlEnv: A}]\ncanary!pass: x',
  ]) {
    const findings = new Findings();
    parseFleetFile(text, 'fleet.yaml', findings);
    assert.match(
      findings.problems.join('\n'),
      /a name with a sign in it \(is the space behind a colon missing\?\)/,
      text,
    );
    assert.ok(!findings.problems.join('\n').includes('canary'), findings.problems.join('\n'));
  }
});
