import { Secret } from '../config/secret.ts';
import type { Channel } from './channel.ts';
import { cutStart } from './cut.ts';
import type { RunEvent } from './event.ts';
import type { HttpClient } from './http.ts';
import { textMail } from './mail-text.ts';
import { describeEvent } from './message.ts';
import { fit } from './text.ts';

/** What a ping is on the way; `path` is the end of what was asked, which is no secret. */
export interface Ping {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly body?: string;
}

/** The least that services keep of a body: self-hosted Healthchecks take 10 kB, healthchecks.io 100 kB. */
const maxBodyBytes = 10_000;
/** Uptime Kuma refuses a longer ping. */
const longestKumaPingMs = 86_400_000;

/**
 * A dead man's switch: it hears of each start and end of a backup, and raises the alarm by itself when it hears nothing.
 * Of backups only: another command's success would say that all is well on a day on which no backup was made.
 */
export function pingChannel(url: Secret, http: HttpClient): Channel {
  const base = new URL(url.reveal());
  return {
    name: 'Ping',
    wants: (event) => (event.command === 'backup' || event.command === 'test') && planPing(base, event) !== undefined,
    async send(event, signal) {
      const ping = planPing(base, event);
      if (ping === undefined) return 'nothing to tell';
      const { method, body } = ping;
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      const secret = new Secret(ping.url.href);
      const answer = await http.send({ method, url: secret, ...(body !== undefined && { headers, body }) }, signal);
      return String(answer.status);
    },
  };
}

/**
 * The request that tells an event to the service behind a URL; undefined where the service has none for it. Services that
 * are not known here are taken for Healthchecks, which many imitate. What the URL's query says stays.
 */
export function planPing(base: URL, event: RunEvent): Ping | undefined {
  const { hostname, pathname } = base;
  if (/\/api\/push\/[^/]+\/?$/.test(pathname)) return pingKuma(base, event);
  if (/(?:^|\.)cronitor\.(?:link|io)$/.test(hostname)) return pingCronitor(base, event);
  if (/\/api\/\d+\/cron\/[^/]+\/[^/]+\/?$/.test(pathname)) return pingSentry(base, event);
  if (/(?:^|\.)(?:betterstack|betteruptime)\.com$/.test(hostname)) return pingBetterStack(base, event);
  return pingHealthchecks(base, event);
}

/** https://healthchecks.io/docs/http_api/ */
function pingHealthchecks(base: URL, event: RunEvent): Ping {
  const end = { started: '/start', success: '', recovery: '', failure: `/${failureCode(event)}` }[event.kind];
  // A test must not pass for a backup: it is only kept in the log there.
  const url = below(base, event.command === 'test' ? '/log' : end);
  url.searchParams.set('rid', event.runId);
  return event.kind === 'started' ? { method: 'POST', url } : { method: 'POST', url, body: bodyOf(event) };
}

/** https://betterstack.com/docs/uptime/cron-and-heartbeat-monitor/: whatever else is sent counts as a success. */
function pingBetterStack(base: URL, event: RunEvent): Ping | undefined {
  if (event.kind === 'started') return undefined;
  const url = below(base, event.kind === 'failure' && event.command !== 'test' ? `/${failureCode(event)}` : '');
  return { method: 'POST', url, body: bodyOf(event) };
}

/** Uptime Kuma's push monitor: server/routers/api-router.js there. Version 1 knows GET only. It knows no start. */
function pingKuma(base: URL, event: RunEvent): Ping | undefined {
  if (event.kind === 'started') return undefined;
  const url = below(base, '');
  url.searchParams.set('status', event.kind === 'failure' && event.command !== 'test' ? 'down' : 'up');
  url.searchParams.set('msg', fit(describeEvent(event).headline, 250));
  url.searchParams.set('ping', String(Math.min(Math.round(event.durationMs), longestKumaPingMs)));
  return { method: 'GET', url };
}

/** https://cronitor.io/docs/telemetry-api */
function pingCronitor(base: URL, event: RunEvent): Ping {
  const url = below(base, '');
  const state = { started: 'run', success: 'complete', recovery: 'complete', failure: 'fail' }[event.kind];
  url.searchParams.set('state', event.command === 'test' ? 'ok' : state);
  url.searchParams.set('series', event.runId);
  if (event.kind !== 'started') {
    url.searchParams.set('status_code', String(event.exitCode));
    url.searchParams.set('message', fit(describeEvent(event).headline, 1000));
  }
  return { method: 'GET', url };
}

/** https://docs.sentry.io/product/crons/getting-started/http/ */
function pingSentry(base: URL, event: RunEvent): Ping {
  const url = new URL(base);
  const status = { started: 'in_progress', success: 'ok', recovery: 'ok', failure: 'error' }[event.kind];
  url.searchParams.set('status', event.command === 'test' ? 'ok' : status);
  url.searchParams.set('check_in_id', event.runId);
  return { method: 'GET', url };
}

/** 0 would be a success. */
function failureCode({ exitCode }: RunEvent): string {
  return exitCode > 0 && exitCode < 256 ? String(exitCode) : 'fail';
}

function below(base: URL, end: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${end}`;
  url.hash = '';
  return url;
}

/** What happened, then as much of the log's end as there is room for. */
function bodyOf(event: RunEvent): string {
  const text = textMail(describeEvent({ ...event, logTail: [] }));
  const log = event.logTail.join('\n');
  return `${text}\n${cutStart(log, Math.max(0, maxBodyBytes - Buffer.byteLength(text) - 1))}`.trimEnd();
}
