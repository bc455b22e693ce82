import { believeOnly } from '../catalog/believe.ts';
import type { Config } from '../config/config.ts';
import { type Failure, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { openStore } from '../store/open.ts';
import { inTime } from './in-time.ts';

/** How long it may take: it reads the manifest of every backup in the store. */
const reportMs = 60_000;

/** With which a run ends before it has done anything with the store, or because of it. */
const hopeless: ReadonlySet<Failure['kind']> = new Set(['usage', 'config', 'store', 'denied']);

/** After which run. */
export interface AfterRun {
  readonly config: Config;
  /** The databases that are to be told of even where nothing of them is stored. */
  readonly expected: readonly string[];
  readonly runId: string;
  /** Undefined for a run that made a backup. */
  readonly failure: Failure | undefined;
  readonly log: Log;
  /** Of the run: once it is aborted nothing is begun any more, and what is under way ends. */
  readonly signal: AbortSignal;
}

/**
 * Writes the report into the store, where `REPORT=on` asks for it. Never rejects and changes nothing about the run:
 * resolves to a warning where it did not work, in a whole sentence.
 */
export async function writeReport({
  config,
  expected,
  runId,
  failure,
  log,
  signal,
}: AfterRun): Promise<string | undefined> {
  if (!config.report || signal.aborted || (failure && hopeless.has(failure.kind))) return undefined;
  try {
    const store = believeOnly(openStore(config.store, log), config.signing.publicKeys);
    try {
      // Only now: it is more code than all the rest of the program.
      const { publishReport } = await import('../report/publish.ts');
      await inTime(reportMs, 'the store', (late) =>
        publishReport({
          store,
          runId,
          database: undefined,
          expected,
          schedule: config.run.schedule,
          policy: config.retention,
          timeZone: config.run.timezone,
          signal: AbortSignal.any([signal, late]),
        }),
      );
    } finally {
      store.close();
    }
    return undefined;
  } catch (error) {
    const { message, hint } = toFailure(error);
    return `the report was not written: ${message}${hint === undefined ? '' : `. ${hint}`}`;
  }
}
