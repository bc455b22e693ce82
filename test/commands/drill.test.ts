import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isProofFile } from '../../src/catalog/keys.ts';
import { parseProof, type Proof } from '../../src/catalog/proof.ts';
import { age, custom, encrypted, plain, stored } from './shop.ts';
import type { Backup } from './stored.ts';

/** The proofs beside a backup, oldest first. */
function proofs({ folder }: Backup): Proof[] {
  const files = readdirSync(folder).filter(isProofFile).sort();
  return files.map((file) => parseProof(readFileSync(`${folder}/${file}`, 'utf8'), file));
}

describe('a good backup passes', () => {
  for (const [what, backup, variables] of [
    ['custom', custom, {}],
    ['encrypted', encrypted, age],
    ['plain', plain, {}],
  ] as const) {
    test(what, async () => {
      const run = await stored.run(['drill', backup().id], variables);
      assert.equal(run.exitCode, 0, run.stdout + run.stderr);
      assert.match(run.stdout, /^table sales\.orders +20000 +20000 +same$/m);
      assert.match(run.stdout, /^extension hstore +there +there +same$/m);
      assert.match(run.stdout, /\npassed: shop \S+ restored in \S+ and compared: \d+ same\n$/);
      const [proof] = proofs(backup());
      assert.equal(proof?.outcome, 'passed');
    });
  }
});
