import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { storeLane } from '../../src/backup/lane.ts';
import { LaneProgress } from '../../src/backup/progress.ts';
import { Meter } from '../../src/pipeline/meter.ts';
import type { Stage } from '../../src/pipeline/stage.ts';
import type { Work } from '../../src/report/progress.ts';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/fake-programs.ts';

test('a lane is followed while it is under way, and no longer', async () => {
  const log = pino({ level: 'silent' });
  const store = openStore({ kind: 'directory', path: temporaryFolder() }, log);
  const begun: Work[] = [];
  let following = 0;
  const stage: Stage = {
    name: 'pg_dump',
    program: '/bin/sh',
    args: ['-c', `echo 'in orders' >&2; head -c 1500000 /dev/zero`],
    env: {},
  };
  await storeLane({
    store,
    key: 'shop/database.dump',
    runId: 'run-1',
    name: 'shop',
    stages: (progress) => {
      progress.tablesTotal = 3;
      const onStderrLine = (): boolean => {
        assert.equal(following, 1);
        progress.beginTable('public.orders', 1_000_000);
        return true;
      };
      return [{ ...stage, onStderrLine }];
    },
    emptyBytes: 0,
    expectedBytes: 10_000_000,
    stallTimeoutMs: 10_000,
    progress: {
      follow(work) {
        following += 1;
        begun.push(work);
        return { [Symbol.dispose]: () => void (following -= 1) };
      },
    },
    log,
    signal: new AbortController().signal,
  });
  assert.equal(following, 0);
  const [work] = begun;
  assert.deepEqual([begun.length, work?.name], [1, 'shop']);
  const position = await work?.look();
  assert.equal(position?.step, 'dumped');
  assert.equal(position.storedBytes, 1_500_000);
  assert.deepEqual(position.table, { name: 'public.orders', number: 1, of: 3 });
});

describe('the share of a dump that is done', () => {
  /** A lane through these tables: each its size on disk, and what has been dumped of it. */
  async function position(
    totalOnDisk: number | undefined,
    tables: readonly (readonly [onDisk: number, dumped: number])[],
  ) {
    const lane = new LaneProgress(new Meter());
    lane.totalOnDisk = totalOnDisk;
    lane.dumpedBytes = 0;
    for (const [index, [onDisk, dumped]] of tables.entries()) {
      lane.beginTable(`t${String(index)}`, onDisk);
      lane.dumpedBytes += dumped;
    }
    const { share, overdue } = await lane.look();
    return { share, overdue: overdue === true };
  }

  test('goes by the size of the tables on disk', async () => {
    assert.deepEqual(await position(1000, []), { share: 0, overdue: false });
    assert.deepEqual(await position(1000, [[400, 200]]), { share: 0.2, overdue: false });
    assert.deepEqual(
      await position(1000, [
        [400, 200],
        [600, 0],
      ]),
      { share: 0.4, overdue: false },
    );
  });

  test('measures a table by what the ones before it took', async () => {
    assert.deepEqual(
      await position(1000, [
        [400, 200],
        [600, 150],
      ]),
      { share: 0.7, overdue: false },
    );
    assert.deepEqual(
      await position(1000, [
        [400, 800],
        [600, 600],
      ]),
      { share: 0.7, overdue: false },
    );
  });

  test('stands still, and says so, in a table that takes more than that', async () => {
    assert.deepEqual(await position(1000, [[400, 500]]), { share: 0.4, overdue: true });
    assert.deepEqual(
      await position(1000, [
        [400, 500],
        [600, 0],
      ]),
      { share: 0.4, overdue: false },
    );
  });

  test('is not known where nobody knows what will be dumped', async () => {
    assert.deepEqual(await position(undefined, [[400, 200]]), { share: undefined, overdue: false });
    assert.deepEqual(await position(0, []), { share: undefined, overdue: false });
  });
});
