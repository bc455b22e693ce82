import { Secret } from '../config/secret.ts';
import { createRedactor } from '../redact.ts';
import { DeliveryFailure } from './delivery.ts';
import { fit } from './text.ts';
import { oneLine } from '../visible.ts';

const longestExcerpt = 200;

/** An answer that says that it was not accepted; what else it says is shown in short. */
export function failedAnswer(
  url: URL,
  status: number,
  text: string,
  retryAfter: string | string[] | undefined,
  redact: (text: string) => string,
): DeliveryFailure {
  const excerpt = fit(oneLine(redact(text).trim()), longestExcerpt);
  return new DeliveryFailure(`${url.host} answered ${status}${excerpt === '' ? '' : `: ${excerpt}`}`, {
    transient: status === 408 || status === 425 || status === 429 || status >= 500,
    retryAfterMs: retryAfterMs(retryAfter, text),
  });
}

/** The header in seconds or as a date; Discord and Telegram say it in their JSON, and more exactly. */
function retryAfterMs(header: string | string[] | undefined, text: string): number | undefined {
  const inBody = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(text)?.[1];
  if (inBody !== undefined) return Math.ceil(Number(inBody) * 1000);
  if (typeof header !== 'string') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : undefined;
}

/** What was thrown instead of an answer. `limit` is the signal that ends a try. */
export function noAnswer(
  error: unknown,
  url: URL,
  limit: AbortSignal,
  redact: (text: string) => string,
): DeliveryFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DeliveryFailure) return cause;
  }
  if (limit.aborted) return new DeliveryFailure(`${url.host} did not answer in time`, { transient: true });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words = error instanceof Error ? error.message : String(error);
  const shown = code === '' || code.startsWith('UND_') ? words : code;
  return new DeliveryFailure(`no connection to ${url.host}: ${fit(oneLine(redact(shown || code)), longestExcerpt)}`, {
    // A certificate that is not trusted now will not be in ten seconds either.
    transient: !/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_INVALID|INVALID_ARG/.test(code),
  });
}

/** Others may answer with what they were asked, and the parts of the URL of a webhook are secrets too. */
export function withoutUrl(url: Secret, redact: (text: string) => string): (text: string) => string {
  const { pathname, search, username, password } = new URL(url.reveal());
  const parts = [url.reveal(), `${pathname}${search}`, pathname, search, username, password];
  const own = createRedactor(parts.filter((part) => part.length > 3).map((part) => new Secret(part)));
  return (text) => redact(own(text));
}
