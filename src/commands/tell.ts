import { type Salvaged, salvageConfig } from '../config/salvage.ts';
import { Failure, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { LogTail } from '../log-tail.ts';
import type { RunEvent, ToldCommand } from '../notify/event.ts';
import { notifyAll } from '../notify/notify-all.ts';
import { openChannels, type OpenChannels } from '../notify/open-channels.ts';
import { createRedactor } from '../redact.ts';
import { createReporting } from '../report/reporting.ts';
import { locationOf } from '../store/location.ts';
import { openStore } from '../store/open.ts';
import { afterAbort } from './after-abort.ts';
import type { Edge } from './command.ts';
import { keepFailure } from './keep-failure.ts';
import { platformLogHint } from './platform-log.ts';
import { composeEvent, type Ending } from './run-event.ts';
import { askStanding, type Standing, unknownStanding } from './standing.ts';

/** How long telling may take in all. */
const tellMs = 20_000;
/** The same once the run was told to end: the process is ended by force 20 s after that, by some platforms after 10 s. */
const stopMs = 19_000;
/** How much of it the store may take to say how the database stands. */
const askMs = 5000;
const askStoppedMs = 2000;
/** How long the clean-up may take until people are told meanwhile: there may be no time left for it afterwards. */
const earlyMs = 3000;
/** How long the ping of the start, if it is still under way, may hold up that of the end, which must come after it. */
const startGraceMs = 2000;

/** A part of the result: who was to be told, and if it did not work, why. */
export interface Notified {
  readonly channel: string;
  readonly ok: boolean;
  readonly error?: string;
}

/** Tells how one run goes, to whom the environment says. Nothing of it throws, or changes how the run ends. */
export class Teller implements Disposable {
  readonly #command: ToldCommand;
  readonly #edge: Edge;
  readonly #tail: LogTail;
  readonly #startedAt = new Date();
  readonly #began = performance.now();
  #stopped: number | undefined;
  readonly #config: Salvaged;
  /** Masks every secret of the environment, right or wrong as the configuration may be. */
  readonly redact: (text: string) => string;
  readonly #log: Log;
  readonly #open: OpenChannels;
  readonly #starting = new AbortController();
  #start: Promise<unknown> | undefined;
  #told: Promise<Notified[]> | undefined;
  readonly #noteStop = (): void => {
    this.#stopped = performance.now();
  };

  constructor(command: ToldCommand, edge: Edge, tail: LogTail) {
    this.#command = command;
    this.#edge = edge;
    this.#tail = tail;
    this.#config = salvageConfig(edge.env);
    this.redact = createRedactor(this.#config.secrets);
    this.#log = createReporting({ ...edge, stderr: tail.output }, this.#config.log, this.redact).log;
    try {
      this.#open = openChannels(this.#config.notify, this.redact);
    } catch (error) {
      this.#log.warn(`nobody can be told: ${error instanceof Error ? error.message : String(error)}`);
      this.#open = { channels: [], [Symbol.asyncDispose]: () => Promise.resolve() };
    }
    edge.signal.addEventListener('abort', this.#noteStop, { once: true });
  }

  /** Whether somebody wants to hear of the first success after a failure. */
  get hearsOfRecovery(): boolean {
    const recovery = this.#event('recovery', { exitCode: 0 }, unknownStanding);
    return this.#config.notify.on !== 'failure' && this.#open.channels.some((channel) => channel.wants(recovery));
  }

  /** Tells that the run has begun. Nothing waits for it. */
  begin(): void {
    const event = this.#event('started', { exitCode: 0 }, unknownStanding);
    this.#start = notifyAll(this.#open.channels, event, this.#log, this.#starting.signal);
  }

  /** Tells how the run ended, in at most 20 s. The first time counts; later calls wait for that. */
  end(ending: Ending): Promise<Notified[]> {
    this.#told ??= this.#tell(ending).catch((error: unknown) => {
      this.#log.warn(`nobody could be told: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    return this.#told;
  }

  /**
   * Tells why the signal was aborted while the clean-up after it goes on for long. Dispose of it when the run has ended,
   * or can only succeed any more.
   * @param ending how the run stands by then; by default nothing is known but why.
   */
  tellEarly(
    signal: AbortSignal,
    ending = (failure: Failure): Ending => ({ exitCode: failure.exitCode, failure }),
  ): Disposable {
    return afterAbort(signal, earlyMs, () => {
      void this.end(ending(toFailure(signal.reason)));
    });
  }

  [Symbol.dispose](): void {
    this.#starting.abort();
    this.#edge.signal.removeEventListener('abort', this.#noteStop);
    // Nothing is under way any more, and nobody needs to wait for connections to close.
    void Promise.resolve(this.#open[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async #tell(ending: Ending): Promise<Notified[]> {
    // Somebody at a terminal sees what was typed wrong.
    if (ending.failure?.kind === 'usage' && this.#edge.stderr.isTTY === true) return [];
    const outcome = ending.exitCode === 0 ? 'success' : 'failure';
    const draft = this.#event(outcome, ending, unknownStanding);
    const kinds: RunEvent['kind'][] = outcome === 'success' ? ['success', 'recovery'] : ['failure'];
    const wanted = this.#open.channels.filter((channel) => kinds.some((kind) => channel.wants({ ...draft, kind })));
    const over = new AbortController();
    const end = (): void => {
      over.abort(new Failure('deadline', 'the time for telling is over'));
    };
    const timers = [setTimeout(end, tellMs)];
    const onStop = (): void => {
      const ago = performance.now() - (this.#stopped ?? performance.now());
      timers.push(setTimeout(end, Math.max(0, stopMs - ago)));
    };
    if (this.#edge.signal.aborted) onStop();
    else this.#edge.signal.addEventListener('abort', onStop, { once: true });
    try {
      const [standing] = await Promise.all([
        ending.standing ?? this.#look(ending, wanted.length > 0),
        this.#settleStart(),
      ]);
      const kind = outcome === 'success' && standing.recovered ? 'recovery' : outcome;
      const told = await notifyAll(wanted, this.#event(kind, ending, standing), this.#log, over.signal);
      return told.map(({ channel, error }) => ({
        channel,
        ok: error === undefined,
        ...(error !== undefined && { error }),
      }));
    } finally {
      this.#edge.signal.removeEventListener('abort', onStop);
      timers.forEach(clearTimeout);
    }
  }

  /** Asks the store what else there is to tell, and keeps the failure there if somebody wants to hear of its end. */
  async #look(ending: Ending, isWanted: boolean): Promise<Standing> {
    const { store: config, publicKeys, notify, report } = this.#config;
    const database = 'database' in ending ? ending.database : this.#config.database;
    const { failure } = ending;
    // With a wrong configuration nothing is contacted but who is told so.
    if (!config || database === undefined || failure?.kind === 'config' || failure?.kind === 'usage') {
      return unknownStanding;
    }
    const knowsRecovery = this.#command === 'backup' && notify.on !== 'failure';
    const isKept = failure !== undefined && this.#command === 'backup' && (knowsRecovery || report);
    if (!isWanted && !isKept) return unknownStanding;
    const withinMs = this.#edge.signal.aborted ? askStoppedMs : askMs;
    const store = openStore(config, this.#log);
    try {
      const madeNow = this.#command === 'backup' && !failure ? ending.backupId : undefined;
      const asksRecovery = knowsRecovery && !failure;
      const question = { store, publicKeys, database, madeNow, asksRecovery, withinMs, log: this.#log };
      const keeping = { runId: this.#edge.runId, redact: this.redact, log: this.#log };
      const [standing] = await Promise.all([
        isWanted ? askStanding(question) : unknownStanding,
        isKept ? keepFailure({ store, database, failure, withinMs, ...keeping }) : undefined,
      ]);
      return standing;
    } finally {
      store.close();
    }
  }

  /** A ping of the start that came after that of the end would say that a run is under way. */
  async #settleStart(): Promise<void> {
    const timer = setTimeout(() => {
      this.#starting.abort();
    }, startGraceMs);
    await this.#start;
    clearTimeout(timer);
  }

  #event(kind: RunEvent['kind'], ending: Ending, standing: Standing): RunEvent {
    const { database, schedule, store } = this.#config;
    const parts = {
      kind,
      command: this.#command,
      runId: this.#edge.runId,
      startedAt: this.#startedAt,
      durationMs: Math.round(performance.now() - this.#began),
      database,
      schedule,
      location: store && locationOf(store),
      ending,
      standing,
      logTail: this.#tail.lines(),
      platformLogHint: platformLogHint(this.#edge.env),
    };
    return composeEvent(parts, this.redact);
  }
}
