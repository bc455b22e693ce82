import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WrittenObjects } from '../../src/backup/written.ts';
import { createLog } from '../../src/log.ts';
import type { Store } from '../../src/store/store.ts';

test('what a failed run has written goes, the manifest before all else, then several objects at once', async () => {
  const log = createLog({ format: 'json', level: 'error' }, { write: () => undefined }, (text) => text);
  const removed: string[] = [];
  const lanes = Array.from({ length: 64 }, (_, index) => `lane-${String(index)}`);
  let waiting: (() => void)[] = [];
  const remove = async (key: string, signal?: AbortSignal): Promise<void> => {
    if (key !== 'manifest.json') {
      assert.ok(removed.includes('manifest.json'), `${key} goes before the manifest`);
      // Answers only once eight ask at a time.
      const answered = new Promise<void>((resolve) => waiting.push(resolve));
      if (waiting.length === 8) {
        for (const answer of waiting) answer();
        waiting = [];
      }
      assert.ok(signal);
      await Promise.race([answered, once(signal, 'abort').then(() => Promise.reject(new Error('too late')))]);
    }
    removed.push(key);
  };
  const store = { remove, describe: (key: string) => key } as unknown as Store;
  {
    await using written = new WrittenObjects(store, 'run', undefined, log);
    for (const key of [...lanes, 'manifest.json']) written.add(key);
  }
  assert.equal(removed[0], 'manifest.json');
  assert.deepEqual(removed.slice(1).sort(), lanes.toSorted());
});
