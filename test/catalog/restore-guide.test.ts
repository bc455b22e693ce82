import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restoreGuide } from '../../src/catalog/restore-guide.ts';
import { sampleArtifact, sampleManifest } from './sample-manifest.ts';

const folder = { kind: 'directory', location: '/backups/1', copyCommand: 'cp /backups/1/* .' } as const;

/** The oldest server that a guide says to restore into, and whether it warns of newer client programs. */
function told(
  server: number,
  client: number,
  format: 'custom' | 'plain' = 'custom',
): [target: number, warned: boolean] {
  const { server: facts, contents } = sampleManifest();
  const guide = restoreGuide(
    sampleManifest({
      server: { ...facts, major: server, version: `${String(server)}.1` },
      client: { major: client, version: `${String(client)}.1` },
      artifacts: [sampleArtifact('dump', { format })],
      contents,
    }),
    folder,
  );
  return [Number(/a server of PostgreSQL (\d+) or newer/.exec(guide)?.[1]), guide.includes('transaction_timeout')];
}

test('the guide names a server that the client programs which it asks for can restore into', () => {
  assert.deepEqual(told(15, 15), [15, true]);
  assert.deepEqual(told(14, 16), [14, true]);
  // pg_restore of 17 and newer begins with a setting that older servers do not know.
  assert.deepEqual(told(15, 17), [17, false]);
  assert.deepEqual(told(16, 18), [17, false]);
  assert.deepEqual(told(18, 18), [18, false]);
  assert.deepEqual(told(15, 18, 'plain'), [18, false]);
  assert.deepEqual(told(15, 15, 'plain'), [15, false]);
});
