import type { ConnectionConfig } from '../config/config.ts';
import { Failure, toFailure } from '../errors.ts';
import { connectApart } from '../postgres/with-session.ts';
import { whatItHolds } from './target.ts';

/** Long enough for a server that answers; a run that was told to end must not wait longer. */
const lookMs = 5000;

/**
 * Looks at a target that was empty before a load failed, and returns the failure with what is there now, where anything
 * is: a plain script can commit on its way, as pg_dump itself does round large objects.
 * @param expectedSchemas see {@link whatItHolds}.
 */
export async function tellLeftBehind(
  thrown: unknown,
  target: ConnectionConfig,
  expectedSchemas: readonly string[],
): Promise<unknown> {
  const tell = (state: string, advice: string): Failure => tellState(thrown, state, advice);
  try {
    const session = await connectApart(target, AbortSignal.timeout(lookMs));
    try {
      const held = await whatItHolds(session, expectedSchemas);
      if (held.length === 0) return thrown;
      return tell(
        `the target database ${target.database} now holds parts of the backup: ${held.join(', ')}`,
        'Drop that database, or start again with another one.',
      );
    } finally {
      await session.end().catch(() => undefined);
    }
  } catch {
    return tell(
      `whether the target database ${target.database} holds parts of the backup is not known: it does not answer`,
      'Look at it before you use it.',
    );
  }
}

/** The failure of a load with the state that it leaves the target in, and what to do about that. */
export function tellState(thrown: unknown, state: string, advice: string): Failure {
  const { kind, message, hint, retryable } = toFailure(thrown);
  return new Failure(kind, `${message}; ${state}`, {
    hint: hint === undefined ? advice : `${hint} ${advice}`,
    cause: thrown,
    retryable,
  });
}
