import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { keptLog } from '../store/scripted.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { assertWhole, changed, take } from './taking.ts';

const denied = (): never => {
  throw new Failure('denied', 'access denied by s3:Something');
};

describe('the shares of a fleet, where a store does not help,', () => {
  test('go by names alone where no process may write, read or list, and say so', async () => {
    const place = temporaryFolder();
    const base = openStore({ kind: 'directory', path: place }, keptLog().log);
    const without: Record<string, Partial<Store>> = {
      write: { putSmall: async () => denied() },
      // As S3 does it: without the right to list what is missing is forbidden.
      read: { head: async () => denied(), get: denied },
      list: { list: denied },
    };
    for (const [right, changes] of Object.entries(without)) {
      const store = changed(base, changes);
      const run = `without-${right}`;
      const shares = [
        await take(place, 0, { store, run }),
        await take(place, 1, { store, run }),
        await take(place, 2, { store, run }),
      ];
      assertWhole(shares);
      for (const { by, warnings } of shares) {
        assert.equal(by, 'names');
        assert.match(warnings.join(), /shared by names alone, not by size: access denied by s3:Something/);
      }
    }
  });

  test('go by names alone where nothing tells one run from the next, and nothing is written', async () => {
    const place = temporaryFolder();
    const shares = [
      await take(place, 0, { run: undefined, shards: 2 }),
      await take(place, 1, { run: undefined, shards: 2 }),
    ];
    assertWhole(shares);
    assert.match(shares[0]!.warnings.join(), /nothing tells one run from the next; set FLEET_RUN/);
    assert.deepEqual(readdirSync(place), []);
  });

  test('go by names alone where the plan is damaged', async () => {
    const place = temporaryFolder();
    writeFileSync(join(place, 'fleet-nightly.json'), '{"schemaVersion":1,"run":"nigh');
    const shares = [await take(place, 0), await take(place, 1), await take(place, 2)];
    assertWhole(shares);
    assert.match(shares[2]!.warnings.join(), /shared by names alone.*fleet-nightly\.json is not valid JSON/);
  });

  test('are not taken where a plan is gone that was just written: others would share otherwise', async () => {
    const place = temporaryFolder();
    const store = changed(openStore({ kind: 'directory', path: place }, keptLog().log), {
      head: async () => undefined,
    });
    await assert.rejects(take(place, 0, { store, run: 'tonight' }), {
      kind: 'store',
      message: `file://${place}/fleet-tonight.json is gone, although it was just written`,
    });
  });

  test('are not taken at all where the store fails: another try may see the plan', async () => {
    const place = temporaryFolder();
    const base = openStore({ kind: 'directory', path: place }, keptLog().log);
    const store = changed(base, {
      head: async () => {
        throw new Failure('store', 'the store is gone');
      },
    });
    await assert.rejects(take(place, 0, { store }), { kind: 'store', message: 'the store is gone' });
  });
});
