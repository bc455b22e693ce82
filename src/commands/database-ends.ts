import { Failure } from '../errors.ts';
import { type BackupResult, type DatabaseResult, type Ended, failed } from './backup-result.ts';
import type { Ending } from './run-event.ts';
import type { Standing } from './standing.ts';
import { worstExit } from './worst.ts';

/** How the backup of one of several databases ended. */
export interface DatabaseEnd {
  readonly result: DatabaseResult;
  /** Of a backup that was made. */
  readonly ending?: Ending;
  /** Of one that was not. */
  readonly failure?: Failure;
  /** Where the store was asked. */
  readonly standing?: Standing;
}

/** How a run about several databases stands: which have ended, and how. */
export class DatabaseEnds {
  readonly #names: readonly string[];
  readonly #warnings: readonly string[];
  readonly #begun = new Map<string, number>();
  readonly #ends = new Map<string, DatabaseEnd>();

  /** @param warnings about the run as a whole. */
  constructor(names: readonly string[], warnings: readonly string[]) {
    this.#names = names;
    this.#warnings = warnings;
  }

  begin(name: string): void {
    this.#begun.set(name, performance.now());
  }

  end(name: string, end: DatabaseEnd): void {
    this.#ends.set(name, end);
  }

  /** Those that failed so far. */
  get failed(): readonly string[] {
    return this.#names.filter((name) => this.#ends.get(name)?.failure);
  }

  /**
   * The run as it stands.
   * @param reason why what has not ended was broken off or not begun.
   * @param standing of the one that failed, where it is known.
   */
  asEnded(durationMs: number, reason: Failure | undefined, standing?: Standing): Ended {
    const ends = this.#names.map((name) => this.#ends.get(name) ?? this.#brokenOff(name, reason));
    const results = ends.map(({ result }) => result);
    const exitCode = worstExit(results.map((result) => result.exitCode));
    const failure = exitCode === 0 ? undefined : this.#failureOf(ends, exitCode, reason);
    const made = ends.map(({ ending }) => ending).filter((ending) => ending !== undefined);
    const sum = (of: (ending: Ending) => number | undefined): number | undefined =>
      made.length === 0 ? undefined : made.reduce((total, ending) => total + (of(ending) ?? 0), 0);
    const missed = made.map(({ missedTicks }) => missedTicks).filter((ticks) => ticks !== undefined);
    const result: BackupResult = {
      outcome: failure ? 'failure' : 'success',
      exitCode,
      durationMs,
      databases: results,
      warnings: this.#warnings,
      ...(failure && { error: failure.message }),
      ...(failure?.hint !== undefined && { hint: failure.hint }),
    };
    const ending: Ending = {
      exitCode,
      failure,
      database: undefined,
      bytes: sum(({ bytes }) => bytes),
      rows: sum(({ rows }) => rows),
      rowsExact: made.every(({ rowsExact }) => rowsExact !== false),
      tables: sum(({ tables }) => tables),
      missedTicks: missed.length === 0 ? undefined : Math.max(...missed),
      warnings: [
        ...this.#warnings,
        ...results.flatMap(({ database = '', warnings = [] }) => warnings.map((warning) => `${database}: ${warning}`)),
      ],
      parts: results.map(({ database = '', exitCode: code, error, id, bytes }) => {
        return { name: database, exitCode: code, error, id, bytes };
      }),
      standing: standing ?? this.#recovery(ends),
    };
    return { result, ending };
  }

  #brokenOff(name: string, reason: Failure | undefined): DatabaseEnd {
    const { kind, message, hint } = reason ?? new Failure('bug', 'the run ended without it');
    const begun = this.#begun.get(name);
    const failure =
      begun === undefined
        ? new Failure(kind, `not begun: ${message}`, { hint })
        : (reason ?? new Failure(kind, message));
    const took = begun === undefined ? 0 : Math.round(performance.now() - begun);
    return { result: failed(failure, name, took), failure };
  }

  #failureOf(ends: readonly DatabaseEnd[], exitCode: number, reason: Failure | undefined): Failure {
    const failures = ends.filter(({ failure }) => failure);
    const worst = failures.find(({ failure }) => failure?.exitCode === exitCode);
    const count = `${String(failures.length)} of ${String(ends.length)} ${ends.length === 1 ? 'database' : 'databases'}`;
    if (reason?.exitCode === exitCode) {
      const left = this.#names.filter((name) => !this.#begun.has(name)).length;
      const told = `${reason.message}: ${count} not backed up${left > 0 ? `, ${String(left)} of them not begun` : ''}`;
      return new Failure(reason.kind, told, { hint: reason.hint });
    }
    const { kind, message, hint } = worst?.failure ?? new Failure('bug', 'no reason given');
    return new Failure(kind, `${count} failed: ${worst?.result.database ?? ''}: ${message}`, {
      hint,
      cause: worst?.failure?.cause,
    });
  }

  /** What the run tells of the databases' earlier failures: one that is over is worth telling. */
  #recovery(ends: readonly DatabaseEnd[]): Standing | undefined {
    const standings = ends.map(({ standing }) => standing).filter((standing) => standing !== undefined);
    if (standings.length === 0) return undefined;
    return {
      newestGood: 'unknown',
      previousBytes: undefined,
      lastProofAt: undefined,
      recovered: standings.some(({ recovered }) => recovered),
    };
  }
}
