import type { Failure } from '../errors.ts';
import type { Log } from '../log.ts';

/** Tells a failure, once: what failed on what, then what to do; a bug with its stack, the rest only at debug level. */
export function reportFailure(log: Log, failure: Failure): void {
  const { kind, exitCode, message, hint, cause } = failure;
  log.error({ event: 'failed', kind, exitCode }, hint === undefined ? message : `${message}\nHINT: ${hint}`);
  if (kind === 'bug') log.error(stackOf(cause ?? failure));
  else if (cause !== undefined) log.debug(stackOf(cause));
}

/** Chosen fields only: error objects of client libraries carry request headers. */
function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
