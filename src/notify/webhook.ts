import { createHmac } from 'node:crypto';
import type { NotifyConfig } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import { toolVersion } from '../version.ts';
import { type Channel, type NotifyOn, wantsMessage } from './channel.ts';
import type { RunEvent, RunPart } from './event.ts';
import type { HttpClient } from './http.ts';
import { describeEvent } from './message.ts';
import { mostTelling } from './parts.ts';

/** Receivers have limits, and a fleet may have thousands of members. */
const mostParts = 100;

/** The event as JSON by `POST`, signed where there is a secret. What it holds is documented in docs/NOTIFICATIONS.md. */
export function webhook(config: NonNullable<NotifyConfig['webhook']>, on: NotifyOn, http: HttpClient): Channel {
  return {
    name: 'Webhook',
    wants: (event) => wantsMessage(on, event),
    async send(event, signal) {
      const body = JSON.stringify(webhookPayload(event));
      const { status } = await http.send(
        { method: 'POST', url: config.url, headers: headersFor(body, config.secret), body },
        signal,
      );
      return String(status);
    },
  };
}

function headersFor(body: string, secret: Secret | undefined): Record<string, string> {
  const headers = { 'content-type': 'application/json' };
  if (secret === undefined) return headers;
  // Of the moment of each try, so that a receiver can refuse what is old.
  return { ...headers, 'x-pg-offsite-signature': sign(body, secret, Math.floor(Date.now() / 1000)) };
}

/** `t=<seconds since 1970>,v1=<hex>`: an HMAC-SHA-256 of the time, a full stop and the body. */
export function sign(body: string, secret: Secret, seconds: number): string {
  const hmac = createHmac('sha256', secret.reveal()).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${hmac}`;
}

/** What is sent. Every field is always there; null is "not known" or "has no meaning here". Fields are only ever added. */
export function webhookPayload(event: RunEvent): object {
  const { kind, command, newestGood, startedAt, durationMs } = event;
  const finishedAt = new Date(startedAt.getTime() + durationMs);
  const newest = typeof newestGood === 'object' ? newestGood : undefined;
  return {
    schemaVersion: 1,
    event: command === 'test' ? 'test' : kind,
    command: command === 'test' ? 'backup' : command,
    runId: event.runId,
    headline: describeEvent(event).headline,
    database: event.database ?? null,
    backupId: event.backupId ?? null,
    location: event.location ?? null,
    exitCode: event.exitCode,
    failure: event.failure ? { ...event.failure, hint: event.failure.hint ?? null } : null,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs,
    bytes: event.bytes ?? null,
    previousBytes: event.previousBytes ?? null,
    rows: event.rows ?? null,
    rowsExact: event.rowsExact,
    tables: event.tables ?? null,
    newestGoodKnown: newestGood !== 'unknown',
    newestGood: newest
      ? {
          id: newest.id,
          startedAt: newest.startedAt.toISOString(),
          ageMs: Math.max(0, finishedAt.getTime() - newest.startedAt.getTime()),
        }
      : null,
    nextDue: event.nextDue?.toISOString() ?? null,
    missedTicks: event.missedTicks ?? null,
    lastProofAt: event.lastProofAt?.toISOString() ?? null,
    warnings: event.warnings,
    parts: event.parts ? mostTelling(event.parts, mostParts).map(partOf) : null,
    partCount: event.parts?.length ?? null,
    logTail: event.logTail,
    platformLogHint: event.platformLogHint ?? null,
    tool: { name: 'pg-offsite', version: toolVersion },
  };
}

function partOf({ name, exitCode, error, id, bytes }: RunPart): object {
  return { name, exitCode, error: error ?? null, backupId: id ?? null, bytes: bytes ?? null };
}
