import { createHash } from 'node:crypto';
import { dataLane, laneFile } from '../../src/catalog/lane-names.ts';
import type { Artifact, Manifest } from '../../src/catalog/manifest.ts';

/** An artifact with this content. */
export function sampleArtifact(content = 'dump', changes: Partial<Artifact> = {}): Artifact {
  return {
    key: 'database.dump.zst.age',
    kind: 'dump',
    lane: 'all',
    bytes: Buffer.byteLength(content),
    sha256: createHash('sha256').update(content).digest('hex'),
    format: 'custom',
    compression: 'zstd',
    encryption: 'age',
    ...changes,
  };
}

/** The artifacts of a backup in lanes, with so many lanes of named tables. */
export function sampleLanes(named = 2): Artifact[] {
  const lanes = ['schema', ...Array.from({ length: named }, (_, index) => dataLane(index + 1)), 'rest'];
  return lanes.map((lane) => sampleArtifact(lane, { lane, key: `${laneFile(lane)}.dump.zst.age` }));
}

/** A manifest with something in every field. */
export function sampleManifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    schemaVersion: 1,
    tool: { name: 'pg-offsite', version: '0.1.0' },
    id: '20261120T020000Z-k3f9q2',
    database: 'shop',
    startedAt: '2026-11-20T02:00:00.000Z',
    finishedAt: '2026-11-20T02:01:00.000Z',
    server: { version: '17.6', major: 17, encoding: 'UTF8', databaseBytes: 7_000_000 },
    client: { version: '17.6', major: 17 },
    artifacts: [sampleArtifact()],
    verified: 'head',
    encryptionRecipients: ['age1example'],
    contents: {
      filtered: false,
      tables: [
        { schema: 'public', name: 'orders', rows: 3, exact: true },
        { schema: 'public', name: 'odd "name"\nwith a newline', rows: null, exact: false },
      ],
      objects: { tables: 2 },
      roles: [],
      extensions: [{ name: 'hstore', version: '1.8', schema: 'public' }],
      sequences: [{ schema: 'public', name: 'orders_id_seq', value: '9223372036854775807' }],
    },
    ...changes,
  };
}
