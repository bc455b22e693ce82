import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { Log } from '../log.ts';
import type { Channel } from './channel.ts';
import { DeliveryFailure } from './delivery.ts';
import type { RunEvent } from './event.ts';

/** What became of one channel: one of `answer` and `error` is there. Free of secrets. */
export interface Told {
  readonly channel: string;
  readonly answer?: string;
  readonly error?: string;
}

/** How long telling may take in all, whatever the number of channels and tries. */
const withinMs = 20_000;
const firstPauseMs = 500;
const longestPauseMs = 4_000;

/**
 * Tells every channel that wants to know, at once, each again after a passing failure until 20 s are over or the signal
 * is aborted. Never throws: what could not be told is a warning in the log, and in the result.
 */
export async function notifyAll(
  channels: readonly Channel[],
  event: RunEvent,
  log: Log,
  signal: AbortSignal,
): Promise<Told[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  const deadline = performance.now() + withinMs;
  const wanted = channels.filter((channel) => channel.wants(event));
  return await Promise.all(
    wanted.map(async (channel) => {
      const told = await tell(channel, event, limit, deadline);
      if (told.error === undefined)
        log.debug({ channel: channel.name }, `${channel.name} was told: ${told.answer ?? ''}`);
      else log.warn({ channel: channel.name }, `${channel.name} could not be told: ${told.error}`);
      return told;
    }),
  );
}

async function tell(channel: Channel, event: RunEvent, limit: AbortSignal, deadline: number): Promise<Told> {
  let last: unknown;
  let tries = 0;
  // What a channel leaves hanging must not hold up the others, nor the end of the run.
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(limit.reason);
  limit.addEventListener('abort', onAbort, { once: true });
  if (limit.aborted) onAbort();
  try {
    const attempt = async (): Promise<string> => {
      tries += 1;
      return await channel.send(event, limit);
    };
    const told = pRetry(attempt, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: firstPauseMs,
      maxTimeout: longestPauseMs,
      randomize: true,
      signal: limit,
      onFailedAttempt: ({ error }) => void (last = error),
      shouldRetry: async ({ error, retryDelay }) => {
        if (!(error instanceof DeliveryFailure) || !error.transient) return false;
        const waitMs = error.retryAfterMs ?? 0;
        // Not worth waiting for what comes too late.
        if (performance.now() + waitMs + retryDelay >= deadline) return false;
        await sleep(waitMs, undefined, { signal: limit });
        return true;
      },
    });
    return { channel: channel.name, answer: await Promise.race([told, ended]) };
  } catch (error) {
    return { channel: channel.name, error: words(last ?? error, tries) };
  } finally {
    limit.removeEventListener('abort', onAbort);
  }
}

function words(error: unknown, tries: number): string {
  const often = tries > 1 ? ` (${tries} tries)` : '';
  if (error instanceof DeliveryFailure) return `${error.message}${often}`;
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer in time${often}`;
  return `${error instanceof Error ? error.message : String(error)}${often}`;
}
