import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { type Catalog, type Described, describeEntries, type Entry, listCatalog } from '../catalog/entries.ts';
import { isUnbelieved } from '../catalog/believe.ts';
import { timeOfId } from '../catalog/ids.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Proof } from '../catalog/proof.ts';
import { proofStates, readProofs, type StoredProof } from '../catalog/proofs.ts';
import { toFailure } from '../errors.ts';
import { oneLine } from '../visible.ts';
import { type Column, renderTable } from '../report/table.ts';
import type { Store } from '../store/store.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { openReader } from './reader.ts';

const columns: readonly Column[] = [
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

const usage = 'list [--json] [--all] [--database NAME]';

/**
 * `list`: the catalog, oldest first, as people like to read it or, with `--json`, as scripts do. A damaged manifest is
 * shown as one; where the store did not give a manifest away, the exit code says so after all the others were shown.
 */
export const list: Command = {
  summary: 'show the backups of the store',
  usage,
  async run(edge) {
    const { values } = readArguments(
      edge.args,
      { json: { type: 'boolean' }, all: { type: 'boolean' }, database: { type: 'string' } },
      usage,
      0,
    );
    using reader = openReader(edge);
    const { entries, foreign } = await listCatalog(reader.store, values.database, edge.signal);
    const backups = await describeEntries(
      reader.store,
      entries.filter(({ complete, hollow }) => complete || hollow),
      edge.signal,
    );
    const incomplete = entries.filter(({ complete, hollow }) => !complete && !hollow);
    if (values.json === true) {
      const all = values.all === true && { incomplete: incomplete.map(({ folder }) => folder), foreign };
      const listed: object[] = [];
      for (const backup of backups) {
        const proofs = 'manifest' in backup ? await readProofs(reader.store, backup, edge.signal) : [];
        listed.push(asJson(backup, proofs));
      }
      reader.print(`${JSON.stringify({ location: reader.store.location, backups: listed, ...all })}\n`);
      return exitCodeOf(backups);
    }
    if (backups.length === 0) {
      const where = `no complete backup${values.database === undefined ? '' : ` of ${values.database}`} in`;
      reader.print(`${where} ${reader.store.location}\n`);
      reader.print(await whyEmpty(reader.store, { entries, foreign }, values.database, edge.signal));
    } else {
      const proofs = await proofStates(reader.store, backups, edge.signal);
      reader.print(
        renderTable(
          columns,
          backups.map((backup) => [...asRow(backup), describeProof(proofs.get(backup.id))]),
        ),
      );
      reader.print(backups.map(describeFailure).join(''));
    }
    if (values.all === true) reader.print(others(incomplete, foreign));
    return exitCodeOf(backups);
  },
};

/** What there is instead, and what to look at next. */
async function whyEmpty(
  store: Store,
  { entries, foreign }: Catalog,
  database: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (entries.length > 0) return `${plural(entries.length, 'unfinished backup')}: see list --all\n`;
  if (database !== undefined) {
    const { entries: all } = await listCatalog(store, undefined, signal);
    const names = [...new Set(all.filter(({ complete }) => complete).map((entry) => entry.database))];
    if (names.length > 0) return `there are backups of ${names.sort().map(oneLine).join(', ')}\n`;
  }
  if (foreign.length > 0) return `${plural(foreign.length, 'object')} there, none of them ours: is the prefix right?\n`;
  return 'nothing is stored there yet: run `backup`, or look whether bucket and prefix are the right ones\n';
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Damage is told and no failure of this command; that a store refused an answer is one. */
function exitCodeOf(backups: readonly Described[]): number {
  const failures = backups.flatMap((backup) => ('failure' in backup ? [toFailure(backup.failure)] : []));
  return failures.find(({ kind }) => kind !== 'verification')?.exitCode ?? 0;
}

/** In a few words, for the column of what was verified. */
function stateOf(thrown: Error): string {
  const { kind, message } = toFailure(thrown);
  if (kind !== 'verification') return 'not read';
  if (isUnbelieved(thrown)) return 'NOT SIGNED';
  return message.includes('has schema version') ? 'newer manifest' : 'manifest damaged';
}

/** In full, for below the table. */
function describeFailure(backup: Described): string {
  if (!('failure' in backup)) return '';
  const { message, hint } = toFailure(backup.failure);
  return `${oneLine(backup.database)} ${backup.id}: ${oneLine(message)}\n${hint === undefined ? '' : `  ${hint}\n`}`;
}

function others(incomplete: readonly Entry[], foreign: readonly string[]): string {
  return [
    ...incomplete.map(({ folder }) => `incomplete, no backup: ${folder}\n`),
    ...foreign.map((key) => `not ours: ${oneLine(key)}\n`),
  ].join('');
}

function asRow(backup: Described): string[] {
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

/** `passed 2 days ago, 42 s`. */
function describeProof(proof: Proof | undefined): string {
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

function asJson(backup: Described, proofs: readonly StoredProof[]): object {
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
