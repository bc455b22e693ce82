import { type Proof, proofSchemaVersion } from '../../src/catalog/proof.ts';
import { sampleManifest } from './sample-manifest.ts';

/** A proof with something in every field. */
export function sampleProof(changes: Partial<Proof> = {}): Proof {
  return {
    schemaVersion: proofSchemaVersion,
    tool: { name: 'pg-offsite', version: '0.1.0' },
    id: '20261120T020000Z-k3f9q2',
    database: 'shop',
    startedAt: '2026-11-21T02:00:00.000Z',
    finishedAt: '2026-11-21T02:00:42.000Z',
    outcome: 'failed',
    reason: '1 of 312 comparisons differs',
    restoreMs: 41_500,
    versions: { server: '17.6', client: '17.6' },
    artifacts: sampleManifest().artifacts.map(({ key, sha256 }) => ({ key, sha256 })),
    compared: 312,
    differences: [{ what: 'table public.orders', expected: '3', found: '2' }],
    notCompared: [{ what: 'table public.events', reason: 'the manifest has only an estimate' }],
    leftOut: [{ what: 'EVENT TRIGGER audit', reason: 'only a superuser may create it' }],
    checks: [{ name: 'constraints', outcome: 'passed', detail: '12 are valid' }],
    missingExtensions: ['pg_cron'],
    ...changes,
  };
}
