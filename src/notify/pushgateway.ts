import { someAtATime } from '../catalog/some-at-a-time.ts';
import { Secret } from '../config/secret.ts';
import type { Channel } from './channel.ts';
import type { RunEvent, RunPart } from './event.ts';
import type { HttpClient } from './http.ts';

const pushedTogether = 8;

/**
 * Figures of a run for a Prometheus Pushgateway, in the group of its database; of a run about several, in a
 * group without one, and in that of each. `POST` replaces only figures of the same
 * name: those that a failed run does not know, as the time of the last success, stay what they were.
 * https://github.com/prometheus/pushgateway#post-method
 */
export function pushgatewayChannel(url: Secret, http: HttpClient): Channel {
  return {
    name: 'Pushgateway',
    wants: ({ kind }) => kind !== 'started',
    async send(event, signal) {
      const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
      const push = async (about: RunEvent): Promise<number> => {
        const target = new Secret(groupUrl(new URL(url.reveal()), about).href);
        const request = { method: 'POST', url: target, headers, body: metricsOf(about) } as const;
        return (await http.send(request, signal)).status;
      };
      const status = await push(event);
      await someAtATime(event.parts ?? [], pushedTogether, async (part) => push(asOwn(event, part)));
      return String(status);
    },
  };
}

/** What is known of one of several, as if it had been a run of its own that took as long and ended when all did. */
function asOwn(event: RunEvent, { name, exitCode, bytes }: RunPart): RunEvent {
  return {
    ...event,
    kind: exitCode === 0 ? 'success' : 'failure',
    database: name,
    exitCode,
    bytes,
    rows: undefined,
    missedTicks: undefined,
    lastProofAt: undefined,
    parts: undefined,
  };
}

/** The address of the group: `/metrics/job/pg_offsite/database/<name>` below that of the gateway. A test has its own. */
export function groupUrl(base: URL, { command, database }: RunEvent): URL {
  const url = new URL(base);
  // People copy the address with the path of the API.
  const root = base.pathname.replace(/\/+$/, '').replace(/\/metrics(?:\/job\/.*)?$/, '');
  const group = command === 'test' ? '' : database === undefined ? '' : `/${label('database', database)}`;
  url.pathname = `${root}/metrics/job/${command === 'test' ? 'pg_offsite_test' : 'pg_offsite'}${group}`;
  url.search = base.search;
  url.hash = '';
  return url;
}

/** A label in a path. What is not plain would be taken for another path, or be encoded in more than one way. */
function label(name: string, value: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(value)) return `${name}/${value}`;
  return `${name}@base64/${value === '' ? '=' : Buffer.from(value).toString('base64url')}`;
}

/**
 * What is known after a run, in Prometheus' text format 0.0.4. Times are those of events and no ages: an age would stand
 * still in the gateway, and `time() - …` tells it at any time.
 */
export function metricsOf(event: RunEvent): string {
  const { kind, command, exitCode, durationMs, startedAt, bytes, rows, missedTicks, lastProofAt, nextDue } = event;
  const ended = new Date(startedAt.getTime() + durationMs);
  if (command === 'test') return gauge('test_timestamp_seconds', 'When this was tried.', seconds(ended));
  const own = command === 'backup' ? '' : `${command}_`;
  const what = command === 'backup' ? 'backup' : command;
  const succeeded = kind !== 'failure';
  return [
    gauge(`${own}last_exit_code`, `How the last ${what} ended.`, exitCode),
    gauge(`${own}last_end_timestamp_seconds`, `When the last ${what} ended.`, seconds(ended)),
    gauge(`${own}last_duration_seconds`, `How long the last ${what} took.`, durationMs / 1000),
    gauge(
      `${own}last_success_timestamp_seconds`,
      `When the last ${what} that succeeded ended.`,
      succeeded ? seconds(ended) : undefined,
    ),
    ...(command === 'backup'
      ? [
          gauge('last_success_bytes', 'Stored bytes of the last backup.', succeeded ? bytes : undefined),
          gauge('last_success_rows', 'Rows in the last backup.', succeeded ? rows : undefined),
          gauge('missed_ticks', 'Ticks of the schedule without a backup, before the last run.', missedTicks),
          gauge('next_tick_timestamp_seconds', 'When the next one is due.', seconds(nextDue)),
        ]
      : []),
    gauge('last_proof_timestamp_seconds', 'When a drill last proved a backup.', seconds(lastProofAt)),
  ].join('');
}

function gauge(name: string, help: string, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '';
  const full = `pg_offsite_${name}`;
  return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${full} ${String(value)}\n`;
}

function seconds(time: Date | undefined): number | undefined {
  return time === undefined ? undefined : time.getTime() / 1000;
}
