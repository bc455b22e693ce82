import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { isUnbelieved } from '../catalog/believe.ts';
import type { Described } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Proof } from '../catalog/proof.ts';
import type { StoredProof } from '../catalog/proofs.ts';
import { toFailure } from '../errors.ts';
import type { Column } from '../report/table.ts';

/** What `list` shows of each backup. */
export const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'DATABASE' },
  { title: 'OLD', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'TOOK', align: 'right' },
  { title: 'ROWS', align: 'right' },
  { title: 'ENCRYPTED' },
  { title: 'TIER' },
  { title: 'VERIFIED' },
  { title: 'PROVED' },
];

/** In a few words, for the column of what was verified. */
function stateOf(thrown: Error): string {
  const { kind, message } = toFailure(thrown);
  if (kind !== 'verification') return 'not read';
  if (isUnbelieved(thrown)) return 'NOT SIGNED';
  return message.includes('has schema version') ? 'newer manifest' : 'manifest damaged';
}

/** A backup's cells, but for the last. */
export function asRow(backup: Described): string[] {
  const age = prettyMs(Math.max(0, Date.now() - (timeOfId(backup.id)?.getTime() ?? 0)), {
    unitCount: 2,
    compact: false,
    secondsDecimalDigits: 0,
  });
  if ('failure' in backup) return [backup.id, backup.database, age, '', '', '', '', '', stateOf(backup.failure)];
  const { manifest } = backup;
  return [
    backup.id,
    backup.database,
    age,
    prettyBytes(bytesOf(manifest)),
    prettyMs(durationOf(manifest), { unitCount: 2 }),
    describeRows(manifest),
    describeEncryption(manifest),
    manifest.tier ?? '',
    backup.hollow ? 'data missing' : manifest.verified,
  ];
}

/** The last cell: `passed 2 days ago, 42 s`. */
export function describeProof(proof: Proof | undefined): string {
  if (!proof) return '';
  if (proof.outcome !== 'passed') return proof.outcome === 'failed' ? 'FAILED' : proof.outcome;
  const ago = prettyMs(Math.max(1000, Date.now() - Date.parse(proof.finishedAt)), { compact: true, verbose: true });
  return `passed ${ago} ago, ${prettyMs(proof.restoreMs ?? 0, { unitCount: 2, secondsDecimalDigits: 0 })}`;
}

function proofAsJson(stored: StoredProof): object {
  if ('failure' in stored) return { error: stored.failure.message };
  const { finishedAt, outcome, restoreMs } = stored.proof;
  return { time: finishedAt, outcome, restoreMs };
}

/** The same for scripts. */
export function asJson(backup: Described, proofs: readonly StoredProof[]): object {
  const { id, database, folder } = backup;
  if ('failure' in backup) return { id, database, folder, error: backup.failure.message };
  const { manifest } = backup;
  return {
    id,
    database,
    folder,
    startedAt: manifest.startedAt,
    finishedAt: manifest.finishedAt,
    durationMs: durationOf(manifest),
    bytes: bytesOf(manifest),
    tables: manifest.contents.tables.length,
    rows: rowsOf(manifest),
    rowsExact: manifest.contents.tables.every(({ exact }) => exact),
    tier: manifest.tier ?? null,
    verified: backup.hollow ? null : manifest.verified,
    dataMissing: backup.hollow,
    server: manifest.server.version,
    artifacts: manifest.artifacts,
    proofs: proofs.map(proofAsJson),
  };
}

function bytesOf({ artifacts }: Manifest): number {
  return artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
}

function durationOf({ startedAt, finishedAt }: Manifest): number {
  return Date.parse(finishedAt) - Date.parse(startedAt);
}

/** `age`, `gpg`, `gpg-passphrase` or `no`: which key a restore needs. */
function describeEncryption({ artifacts }: Manifest): string {
  return [...new Set(artifacts.map(({ encryption }) => (encryption === 'none' ? 'no' : encryption)))].join(', ');
}

/** `1,234`, or `~1,234` where the number of one table at least was estimated or not counted. */
function describeRows(manifest: Manifest): string {
  const { tables } = manifest.contents;
  if (tables.length > 0 && tables.every(({ rows }) => rows === null)) return 'not counted';
  const about = tables.every(({ exact }) => exact) ? '' : '~';
  return about + rowsOf(manifest).toLocaleString('en-US');
}

function rowsOf({ contents }: Manifest): number {
  return contents.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
}
