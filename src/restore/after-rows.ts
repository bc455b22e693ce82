import type { ConnectionConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { afterRowsStage, type LoadOptions } from '../postgres/load.ts';
import type { LeftOut } from './leave-out.ts';
import { runLoader } from './load.ts';
import type { TocEntry } from './toc-list.ts';
import type { Toc } from './toc.ts';

/** What is made once the rows are there, and how. */
export interface AfterRows {
  readonly target: ConnectionConfig;
  readonly client: PostgresClient;
  readonly options: LoadOptions;
  readonly toc: Toc;
  /** All of the dump, where its rows are to be loaded first; else the head of {@link toc} is enough. */
  readonly whole?: string | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly jobs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Indexes and constraints, several at once, from the head of the dump, or from all of it those and the rows; then triggers, one after the other. Where a
 * partition's trigger is switched off the dump does not say that it needs the trigger of the whole table first, and what
 * an event trigger does it must do to nothing of the restore. What was made before a failure stays.
 * @throws {Failure} `dump`.
 */
export async function loadAfterRows(work: AfterRows): Promise<void> {
  const { target, client, options, toc, whole, leftOut, jobs, log, signal } = work;
  const [triggers = [], others = []] = [true, false].map((wanted) =>
    toc.entries.filter((entry) => isTrigger(entry) === wanted).map((entry) => ({ entry, reason: 'another step' })),
  );
  const step = async (less: readonly LeftOut[], withRows: boolean, sessions: number): Promise<void> => {
    const list = await toc.writeList([...leftOut, ...less]);
    // What was there was dropped with the tables.
    const anew = { ...options, clean: false };
    const stage = afterRowsStage(target, client, anew, { list, file: whole ?? toc.file, jobs: sessions, withRows });
    await runLoader(stage, log, signal);
  };
  const sessions = jobs === 1 ? 'one session' : `${String(jobs)} sessions`;
  log.info(
    whole === undefined
      ? `the rows are there; making indexes and constraints in ${sessions}`
      : `the tables are there; loading rows and making indexes and constraints in ${sessions}`,
  );
  await step(triggers, whole !== undefined, jobs);
  if (triggers.length > 0) await step(others, false, 1);
}

/** Triggers of tables, event triggers, and comments on them. */
function isTrigger({ kind, name }: TocEntry): boolean {
  return /^(EVENT )?TRIGGER /.test(kind === 'COMMENT' ? name : `${kind} `);
}
