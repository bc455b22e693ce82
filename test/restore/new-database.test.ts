import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../src/errors.ts';
import { makeDatabase } from '../../src/restore/new-database.ts';
import { noLog, noSignal, smallManifest } from '../drill/scene.ts';
import { connectionTo } from '../postgres/settings.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

describe('a database that is made for a restore', () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
    await postgres.psql('CREATE ROLE maker LOGIN CREATEDB');
  });
  after(() => postgres.stop());
  const target = (database: string) => connectionTo(postgres, { user: 'maker', database });
  const databases = (): Promise<string> =>
    postgres.psql("SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1");

  test('is gone when the run is told to end at any moment', async () => {
    for (const afterMs of [1, 10, 20, 30, 40, 60, 80, 110, 150, 200]) {
      const stop = new AbortController();
      setTimeout(() => {
        stop.abort(new Failure('sigterm', 'interrupted'));
      }, afterMs);
      const made = await makeDatabase(target('shop'), smallManifest(), noLog, stop.signal).catch(() => undefined);
      await made?.[Symbol.asyncDispose]();
      assert.equal(await databases(), '', `told to end after ${String(afterMs)} ms`);
      // The server must not go on making it either.
      await sleep(20);
      assert.equal(await databases(), '');
    }
  });

  test('says what to do where it cannot be made', async () => {
    const make = (changes: object) =>
      makeDatabase(connectionTo(postgres, { database: 'other', ...changes }), smallManifest(), noLog, noSignal);
    await postgres.psql('CREATE ROLE "may not" LOGIN');
    await assert.rejects(make({ user: 'may not' }), {
      kind: 'target',
      message: /^the database other cannot be created: permission denied/,
      hint: 'As an administrator: ALTER ROLE "may not" CREATEDB; or make the database yourself and leave out --create.',
    });
    await assert.rejects(make({ user: 'maker', database: 'template1' }), {
      kind: 'target',
      hint: 'If it is empty, leave out --create; else choose another name in TARGET_DATABASE_URL.',
    });
  });

  test('stays when it is kept, and one that was there before stays in any case', async () => {
    const made = await makeDatabase(target('shop'), smallManifest(), noLog, noSignal);
    made.keep();
    await made[Symbol.asyncDispose]();
    assert.equal(await databases(), 'shop');
    for (const afterMs of [1, 10, 20, 40, 80, undefined]) {
      const stop = new AbortController();
      if (afterMs !== undefined) {
        setTimeout(() => {
          stop.abort(new Failure('sigterm', 'interrupted'));
        }, afterMs);
      }
      await assert.rejects(makeDatabase(target('shop'), smallManifest(), noLog, stop.signal));
      assert.equal(await databases(), 'shop');
    }
  });
});
