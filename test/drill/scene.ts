import { pino } from 'pino';
import type { Manifest } from '../../src/catalog/manifest.ts';
import type { ConnectionConfig } from '../../src/config/config.ts';
import type { ScratchDatabase, ScratchRequest } from '../../src/drill/scratch-database.ts';
import { openScratchDatabase } from '../../src/drill/scratch.ts';
import { connect } from '../../src/postgres/connect.ts';
import { sampleManifest } from '../catalog/sample-manifest.ts';
import { newestBinDir } from '../support/postgres.ts';

/** Says nothing. */
export const noLog = pino({ level: 'silent' });

/** Never aborted. */
export const noSignal = new AbortController().signal;

/** The folder that holds the installed majors. */
export const serversDir = newestBinDir().replace(/\/\d+\/bin$/, '');

/** A manifest of a small database of the installed major, with these contents. */
export function smallManifest(
  contents: Partial<Manifest['contents']> = {},
  server: Partial<Manifest['server']> = {},
): Manifest {
  const sample = sampleManifest();
  return {
    ...sample,
    server: { version: '15.0', major: 15, encoding: 'UTF8', databaseBytes: 1_000_000, ...server },
    contents: { ...sample.contents, extensions: [], roles: [], ...contents },
  };
}

/** What a scratch database is asked with: a server of our own unless told. */
export function scratchRequest(changes: Partial<ScratchRequest> = {}): ScratchRequest {
  return {
    drill: { databaseUrl: undefined, role: 'ordinary', checkSql: undefined },
    clientsDir: serversDir,
    manifest: smallManifest(),
    log: noLog,
    signal: noSignal,
    ...changes,
  };
}

/** A scratch database on a server of our own. */
export function openScratch(changes: Partial<ScratchRequest> = {}): Promise<ScratchDatabase> {
  return openScratchDatabase(scratchRequest(changes));
}

/** Runs SQL on a connection of its own and resolves to the rows of the last statement, as arrays. */
export async function ask(connection: ConnectionConfig, sql: string): Promise<unknown[][]> {
  const client = await connect(connection, noSignal);
  client.on('error', () => undefined);
  try {
    const results: unknown = await client.query({ text: sql, rowMode: 'array' });
    const last: unknown = Array.isArray(results) ? results.at(-1) : results;
    return (last as { rows: unknown[][] }).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
