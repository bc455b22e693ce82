import type { TestContext } from 'node:test';
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
  /** Every name that pg_dump was heard to say. */
  readonly heard: readonly string[];
}

/** When something is to happen during a dump. */
export interface During {
  /** After the snapshot was taken, before pg_dump starts. */
  readonly snapshotTaken?: () => Promise<unknown>;
  /** As soon as pg_dump has written its first bytes. */
  readonly begun?: () => Promise<unknown>;
  /** After pg_dump has ended and before the last counts are waited for. */
  readonly ended?: () => Promise<unknown>;
}

/** Dumps with a real pg_dump in an exported snapshot, and counts. Rejects as the product would. */
export async function dumped(t: TestContext, source: SourceConfig, during: During = {}): Promise<Dumped> {
  const session = await Session.open(source.connection, keptLog().log, never, () => undefined);
  t.after(() => session.close());
  const snapshot = await session.exportSnapshot();
  await during.snapshotTaken?.();
  const census = await Census.begin(session.client, source);
  const client = await findClient(source.clientsDir, session.server.major);
  const heard: string[] = [];
  const stage = dumpStage(source, 'custom', client, snapshot, {
    onWarning: () => undefined,
    onTable: (name) => {
      heard.push(name);
      census.note(name);
    },
  });
  const { output } = joinProcesses([stage], never);
  const chunks: Buffer[] = [];
  for await (const chunk of output) {
    if (chunks.length === 0) await during.begun?.();
    chunks.push(chunk);
  }
  await during.ended?.();
  const contents = await census.finish();
  await session.close();
  return { output: Buffer.concat(chunks), contents, heard };
}

/** How a dump that is to fail is told. */
export async function dumpFailure(t: TestContext, source: SourceConfig, during: During = {}): Promise<Failure> {
  try {
    await dumped(t, source, during);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('the dump succeeded');
}
