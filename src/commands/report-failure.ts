import type { Failure } from '../errors.ts';
import { hintStart, type Log } from '../log.ts';

/** Tells a failure, once: what failed on what, then what to do; a bug with its stack, the rest only at debug level. */
export function reportFailure(log: Log, failure: Failure): void {
  const { kind, exitCode, message, hint, cause } = failure;
  // A name from elsewhere could bring a hint of its own.
  const told = message.replaceAll(`\n${hintStart}`, `\n  ${hintStart}`);
  log.error({ event: 'failed', kind, exitCode }, hint === undefined ? told : `${told}\n${hintStart}${hint}`);
  if (kind === 'bug') log.error(stackOf(cause ?? failure));
  else if (cause !== undefined) log.debug(stackOf(cause));
}

/** Chosen fields only: error objects of client libraries carry request headers. */
function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
