/**
 * Every kind of failure with its exit code, the words of the README's table, and whether another attempt can help.
 * The one place where exit codes are decided; an unknown code means failure.
 */
export const failureKinds = {
  usage: { exitCode: 64, meaning: 'wrong command or argument', retryable: false },
  dump: { exitCode: 65, meaning: 'the dump (or restore) itself failed or was refused', retryable: true },
  database: { exitCode: 69, meaning: 'database not reachable, or login refused', retryable: true },
  bug: { exitCode: 70, meaning: 'a bug', retryable: false },
  target: { exitCode: 73, meaning: 'restore target refused: not empty, or the source itself', retryable: false },
  store: { exitCode: 74, meaning: 'store failed', retryable: true },
  locked: { exitCode: 75, meaning: 'another run holds the lock', retryable: false },
  verification: { exitCode: 76, meaning: 'verification or drill found a difference', retryable: true },
  denied: { exitCode: 77, meaning: 'the store refused the credentials or a permission', retryable: false },
  config: { exitCode: 78, meaning: 'configuration wrong; all problems listed at once', retryable: false },
  stale: { exitCode: 79, meaning: '`check`: backups are too old, or none', retryable: false },
  deadline: { exitCode: 124, meaning: 'own deadline reached', retryable: false },
  sigint: { exitCode: 130, meaning: 'interrupted by SIGINT', retryable: false },
  sigterm: { exitCode: 143, meaning: 'interrupted by SIGTERM, SIGHUP or SIGQUIT', retryable: false },
} as const;

/** The name of a kind of failure: a row of {@link failureKinds}. */
export type FailureKind = keyof typeof failureKinds;

/** What a {@link Failure} carries besides its kind and message. */
export interface FailureOptions {
  /** What to do about it: whole sentences, printed on a line of their own. */
  hint?: string | undefined;
  /** The error underneath, kept for debug logs; its text is never repeated in the message. */
  cause?: unknown;
  /** Overrides the table: false for a failure of a retryable kind that would only repeat itself. */
  retryable?: boolean | undefined;
}

/**
 * An expected failure, told to the user in one line. The message says what failed and on what, in lower case without a
 * full stop, and never holds a secret. Anything thrown that is not a Failure is a bug (exit code 70).
 */
export class Failure extends Error {
  override name = 'Failure' as const;
  readonly kind: FailureKind;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(kind: FailureKind, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
    this.retryable = options.retryable ?? failureKinds[kind].retryable;
  }

  /** The process exit code of this kind of failure. */
  get exitCode(): number {
    return failureKinds[this.kind].exitCode;
  }
}

/** Any thrown value as a {@link Failure}; what is not one already becomes a `bug` with the value as its cause. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('bug', `unexpected error: ${message}`, {
    cause: thrown,
    hint: 'This is a bug in pg-offsite. Please report it with the log of a run with LOG_LEVEL=debug.',
  });
}

/** Throws the reason of an aborted signal; aborts in this program always carry a {@link Failure}. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw toFailure(signal.reason);
}
