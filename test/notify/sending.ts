import assert from 'node:assert/strict';
import { after } from 'node:test';
import { inspect } from 'node:util';
import type { ProxyConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { DeliveryFailure } from '../../src/notify/delivery.ts';
import { createHttpClient, type HttpAnswer, type HttpRequest } from '../../src/notify/http.ts';
import { type Answer, type Receiver, startReceiver } from './receiver.ts';

/** No proxy. */
export const direct: ProxyConfig = { https: undefined, http: undefined, except: '' };
/** What is closed when the tests of a file have ended. */
export const opened: { close(): Promise<void> }[] = [];
after(() => Promise.all(opened.map((one) => one.close())));

/** A receiver that is closed at the end. */
export async function receiver(...answers: Answer[]): Promise<Receiver> {
  const one = await startReceiver(...answers);
  opened.push(one);
  return one;
}

/** One try with a client of its own. */
export async function send(
  url: string,
  {
    proxy = direct,
    signal = new AbortController().signal,
    ...rest
  }: Partial<HttpRequest> & { proxy?: ProxyConfig; signal?: AbortSignal } = {},
): Promise<HttpAnswer> {
  await using client = createHttpClient(proxy, (text) => text);
  return await client.send({ method: 'POST', body: '{}', ...rest, url: new Secret(url) }, signal);
}

/** What a delivery failed with. */
export async function failure(sending: Promise<unknown>): Promise<DeliveryFailure> {
  const error: unknown = await sending.then(
    () => assert.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  assert(error instanceof DeliveryFailure, inspect(error));
  return error;
}
