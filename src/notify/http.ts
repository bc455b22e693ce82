import type { EnvHttpProxyAgent, request } from 'undici';
import type { ProxyConfig } from '../config/config.ts';
import { type Secret } from '../config/secret.ts';
import { guardedLookup, refuseHost } from './address.ts';
import { DeliveryFailure } from './delivery.ts';
import { failedAnswer, noAnswer, withoutUrl } from './http-failure.ts';

/** One request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Of `http:` or `https:`; a user and password in it become an Authorization header. */
  readonly url: Secret;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer with a status of 200 to 299. */
export interface HttpAnswer {
  readonly status: number;
  /** At most 64 KiB of it. */
  readonly text: string;
}

/** How channels reach the outside. Disposing ends its connections. */
export interface HttpClient extends AsyncDisposable {
  /**
   * One try of at most 10 s. Follows one redirect to the same host, no other.
   * @throws {DeliveryFailure} for every other answer, and for none; its text never holds more of the URL than the host.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
}

/** What sends, and through what. */
interface Opened {
  readonly agent: EnvHttpProxyAgent;
  readonly request: typeof request;
}

const tryMs = 10_000;
const largestAnswer = 64 * 1024;

/** @param redact takes the configuration's secrets out of what others answer. */
export function createHttpClient(proxy: ProxyConfig, redact: (text: string) => string): HttpClient {
  let opened: Promise<Opened> | undefined;

  async function exchange(url: URL, asked: HttpRequest, signal: AbortSignal): Promise<HttpAnswer & { next?: URL }> {
    refuseHost(url);
    const { username, password } = url;
    const authorization =
      username === ''
        ? {}
        : { authorization: `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}` };
    const undici = await (opened ??= openUndici(proxy));
    const answer = await undici.request(`${url.origin}${url.pathname}${url.search}`, {
      method: asked.method,
      headers: { 'user-agent': 'pg-offsite', ...authorization, ...asked.headers },
      body: asked.body ?? null,
      dispatcher: undici.agent,
      signal,
    });
    const { statusCode: status, headers } = answer;
    const location = typeof headers['location'] === 'string' ? headers['location'] : undefined;
    const text = await readSome(answer.body);
    if (status >= 200 && status < 300) return { status, text };
    if ([301, 302, 307, 308].includes(status) && location !== undefined && URL.canParse(location, url.href)) {
      return { status, text, next: new URL(location, url.href) };
    }
    throw failedAnswer(url, status, text, headers['retry-after'], withoutUrl(asked.url, redact));
  }

  return {
    async send(asked, signal) {
      const url = new URL(asked.url.reveal());
      const limit = AbortSignal.any([signal, AbortSignal.timeout(tryMs)]);
      try {
        const first = await exchange(url, asked, limit);
        if (first.next === undefined) return first;
        refuseRedirect(url, first.next, first.status);
        const second = await exchange(first.next, asked, limit);
        if (second.next === undefined) return second;
        throw new DeliveryFailure(`${url.host} redirects more than once`, { transient: false });
      } catch (error) {
        throw noAnswer(error, url, limit, withoutUrl(asked.url, redact));
      }
    },
    async [Symbol.asyncDispose]() {
      const { agent } = (await opened) ?? {};
      await agent?.destroy();
    },
  };
}

/** Loaded at the first request: most runs make none, and loading takes a good part of their start. */
async function openUndici(proxy: ProxyConfig): Promise<Opened> {
  const undici = await import('undici');
  const agent = new undici.EnvHttpProxyAgent({
    // Given as empty texts, unset ones keep undici from looking into the environment itself.
    httpProxy: proxy.http?.reveal() ?? '',
    httpsProxy: proxy.https?.reveal() ?? '',
    noProxy: proxy.except,
    allowH2: false,
    connect: { lookup: guardedLookup, timeout: tryMs },
    connectTimeout: tryMs,
  });
  return { agent, request: undici.request };
}

/** The same host, and never from https to http: what is sent, and its secrets, must not go elsewhere. */
function refuseRedirect(from: URL, to: URL, status: number): void {
  if (to.host === from.host && (to.protocol === from.protocol || to.protocol === 'https:')) return;
  throw new DeliveryFailure(`${from.host} answered ${status} and redirects to another host, which is not followed`, {
    transient: false,
  });
}

async function readSome(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= largestAnswer) break; // leaving the loop destroys the body
  }
  return Buffer.concat(chunks).subarray(0, largestAnswer).toString('utf8');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign stands for itself
  }
}
