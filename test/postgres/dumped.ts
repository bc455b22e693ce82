import type { SourceConfig } from '../../src/config/config.ts';
import { Failure } from '../../src/errors.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { Census, type Contents } from '../../src/postgres/census.ts';
import { findClient } from '../../src/postgres/clients.ts';
import { dumpStage } from '../../src/postgres/dump.ts';
import { Session } from '../../src/postgres/session.ts';
import { keptLog } from '../store/scripted.ts';
import { never } from '../support/shell-stage.ts';

/** A dump as the product makes it, and what it noted of it. */
export interface Dumped {
  readonly output: Buffer;
  readonly contents: Contents;
  /** What pg_dump warned of. */
  readonly warnings: readonly string[];
}

/** When something is to happen during a dump. */
export interface During {
  /** After the snapshot was taken, before pg_dump starts. */
  readonly snapshotTaken?: () => Promise<unknown>;
  /** As soon as pg_dump has written its first bytes. */
  readonly begun?: () => Promise<unknown>;
}

/** Dumps with a real pg_dump in an exported snapshot, and counts. Rejects as the product would. Leaves nothing open. */
export async function dumped(source: SourceConfig, during: During = {}): Promise<Dumped> {
  const session = await Session.open(source.connection, keptLog().log, never, () => undefined);
  try {
    const snapshot = await session.exportSnapshot();
    await during.snapshotTaken?.();
    const census = await Census.begin(session.client, source);
    const client = await findClient(source.clientsDir, session.server.major);
    const warnings: string[] = [];
    const stage = dumpStage(source, 'custom', client, snapshot, {
      onTable: (name) => {
        census.note(name);
      },
      onWarning: (text) => {
        warnings.push(text);
      },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of joinProcesses([stage], never).output) {
      if (chunks.length === 0) await during.begun?.();
      chunks.push(chunk);
    }
    return { output: Buffer.concat(chunks), contents: await census.finish(), warnings };
  } finally {
    await session.close();
  }
}

/** How a dump that is to fail is told. */
export async function dumpFailure(source: SourceConfig, during: During = {}): Promise<Failure> {
  try {
    await dumped(source, during);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('the dump succeeded');
}
