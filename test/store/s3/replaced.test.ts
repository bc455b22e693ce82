import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calm, scripted } from '../scripted.ts';

test('what may be replaced is stored without a condition, and neither locked nor cached', async (t) => {
  const { store, server } = await scripted(t, { objectLock: { mode: 'GOVERNANCE', forMs: 86_400_000 } });
  const small = { runId: 'run-1', contentType: 'text/html', signal: calm() };
  await store.putSmall('manifest.json', '{}', small);
  await store.putSmall('report.html', '<p>', { ...small, replace: true });
  const told = ['if-none-match', 'x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date', 'cache-control'];
  const [manifest, report] = server.calls
    .filter(({ operation }) => operation === 'PutObject')
    .map(({ headers }) => told.filter((name) => name in headers));
  assert.deepEqual([manifest, report], [told.slice(0, 3), told.slice(3)]);
});
