import { toolVersion } from '../version.ts';

/** How a run ended. */
export interface Ended {
  /** As a shell would tell it: 128 and the number of the signal where one ended it. */
  readonly exitCode: number;
}

/** What is told about the runs of this process, over HTTP. Times are those of the clock of whoever reports them. */
export class Status {
  nextTick: Date | undefined;
  missedTicks = 0;
  #began: Date | undefined;
  #last: { readonly exitCode: number; readonly ended: Date; readonly seconds: number } | undefined;
  #lastSuccess: Date | undefined;
  readonly #runs = { success: 0, failure: 0 };

  /** A run has begun. */
  begin(now: Date): void {
    this.#began = now;
  }

  /** The run that had begun has ended. */
  end({ exitCode }: Ended, now: Date): void {
    const seconds = Math.max(0, (now.getTime() - (this.#began ?? now).getTime()) / 1000);
    this.#began = undefined;
    this.#last = { exitCode, ended: now, seconds };
    this.#runs[exitCode === 0 ? 'success' : 'failure'] += 1;
    if (exitCode === 0) this.#lastSuccess = now;
  }

  /** False from a failed run until the next one that succeeds. */
  get healthy(): boolean {
    return this.#last === undefined || this.#last.exitCode === 0;
  }

  /** What `/healthz` shows. */
  describe(): object {
    return {
      healthy: this.healthy,
      running: this.#began !== undefined,
      lastExitCode: this.#last?.exitCode ?? null,
      lastEnd: this.#last?.ended ?? null,
      lastSuccess: this.#lastSuccess ?? null,
      missedTicks: this.missedTicks,
      nextTick: this.nextTick ?? null,
    };
  }

  /** What `/metrics` shows, in the text format of Prometheus. What has not happened yet is left out. */
  metrics(): string {
    const last = this.#last;
    return [
      metric('info', 'gauge', 'Which pg-offsite this is.', [[`{version="${toolVersion}"}`, 1]]),
      metric('running', 'gauge', 'Whether a backup is running.', [['', this.#began === undefined ? 0 : 1]]),
      metric('runs_total', 'counter', 'Backups that have ended, since this process started.', [
        ['{outcome="success"}', this.#runs.success],
        ['{outcome="failure"}', this.#runs.failure],
      ]),
      metric('missed_ticks_total', 'counter', 'Ticks at which no backup was started.', [['', this.missedTicks]]),
      metric('last_exit_code', 'gauge', 'How the last run ended.', [['', last?.exitCode]]),
      metric('last_end_timestamp_seconds', 'gauge', 'When the last run ended.', [['', seconds(last?.ended)]]),
      metric('last_duration_seconds', 'gauge', 'How long the last run took.', [['', last?.seconds]]),
      metric('last_success_timestamp_seconds', 'gauge', 'When the last run that succeeded ended.', [
        ['', seconds(this.#lastSuccess)],
      ]),
      metric('next_tick_timestamp_seconds', 'gauge', 'When the next one is due.', [['', seconds(this.nextTick)]]),
    ].join('');
  }
}

type Sample = readonly [labels: string, value: number | undefined];

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const known = samples.filter(([, value]) => value !== undefined);
  if (known.length === 0) return '';
  const full = `pg_offsite_${name}`;
  const lines = known.map(([labels, value]) => `${full}${labels} ${String(value)}\n`);
  return [`# HELP ${full} ${help}\n`, `# TYPE ${full} ${type}\n`, ...lines].join('');
}

function seconds(time: Date | undefined): number | undefined {
  return time === undefined ? undefined : time.getTime() / 1000;
}
