import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openStore } from '../../../src/store/open.ts';
import { freePort } from '../../support/ports.ts';
import { calm, keptLog, s3Config, scripted } from '../scripted.ts';

const patient = { retryForMs: 600_000 };

/** Lets every look at the clock find it so much later, so that no test has to wait. */
function hurry(t: TestContext, stepMs: number): void {
  let now = 0;
  t.mock.method(performance, 'now', () => (now += stepMs));
}

test('a store that has never answered is given up after 30 s, and a warning says so before', async (t) => {
  hurry(t, 12_000);
  const { log, lines } = keptLog();
  const store = openStore(s3Config(`http://127.0.0.1:${await freePort()}`, patient), log);
  await assert.rejects(store.list('', calm())[Symbol.asyncIterator]().next(), /connection refused after 3 attempts/);
  store.close();
  assert.deepEqual(
    lines.filter(({ level }) => level === 40).map(({ msg }) => msg),
    ['s3://backups/pg does not answer (connection refused); trying for 30s'],
  );
});

test('a store that has answered once gets the whole of S3_RETRY_FOR, and no warning', async (t) => {
  const run = await scripted(t, patient);
  const { server, store } = run;
  assert.equal(await store.head('a', calm()), undefined);
  hurry(t, 20_000);
  server.fault({ operation: 'HeadObject', times: 2, action: { kind: 'reset' } });
  assert.equal(await store.head('a', calm()), undefined);
  assert.deepEqual(run.warnings(), []);
});
