import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { NotifyConfig } from '../../src/config/config.ts';
import { readTellingConfig } from '../../src/config/notify.ts';
import { Secret } from '../../src/config/secret.ts';
import { createLog } from '../../src/log.ts';
import { type Channel, wantsMessage } from '../../src/notify/channel.ts';
import { notifyAll, type Told } from '../../src/notify/notify-all.ts';
import { openChannels } from '../../src/notify/open-channels.ts';
import { type Answer, type Receiver, startReceiver } from './receiver.ts';
import { sampleEvent, sampleFailure } from './sample-event.ts';

const opened: Receiver[] = [];
after(() => Promise.all(opened.map((one) => one.close())));

async function receiver(...answers: Answer[]): Promise<Receiver> {
  const one = await startReceiver(...answers);
  opened.push(one);
  return one;
}

const nobody = readTellingConfig({}).notify;

interface Telling {
  readonly told: Told[];
  readonly logged: string;
  readonly ms: number;
}

async function tell(
  config: Partial<NotifyConfig>,
  signal = new AbortController().signal,
  more: Channel[] = [],
): Promise<Telling> {
  let logged = '';
  const log = createLog({ format: 'auto', level: 'debug' }, { write: (text) => (logged += text) }, (text) => text);
  await using open = openChannels({ ...nobody, ...config }, (text) => text);
  const started = performance.now();
  const told = await notifyAll([...open.channels, ...more], sampleFailure(), log, signal);
  return { told, logged, ms: performance.now() - started };
}

const secretUrl = (origin: string): Secret => new Secret(`${origin}/canary7d21/token`);
const asWebhook = (origin: string): Partial<NotifyConfig> => ({
  webhook: { url: secretUrl(origin), secret: undefined },
});

describe('notifyAll', () => {
  test('tells several at once, and says what each answered', async () => {
    const [ok, hook] = await Promise.all([receiver({ status: 200, text: 'ok' }), receiver(204)]);
    const { told, logged } = await tell({ slackUrl: secretUrl(ok.origin), ...asWebhook(hook.origin) });
    assert.deepEqual(told, [
      { channel: 'Slack', answer: '200 ok' },
      { channel: 'Webhook', answer: '204' },
    ]);
    assert.deepEqual([ok.received.length, hook.received.length], [1, 1]);
    assert(!logged.includes('WARN'), logged);
  });

  test('tries again after errors that may pass, and stops with the first success', async () => {
    const hook = await receiver(500, (response) => response.socket?.destroy(), 200);
    const { told } = await tell(asWebhook(hook.origin));
    assert.deepEqual([told, hook.received.length], [[{ channel: 'Webhook', answer: '200' }], 3]);
  });

  test('waits as long as 429 asks for', async () => {
    const hook = await receiver({ status: 429, headers: { 'retry-after': '1' } }, 200);
    const { told } = await tell(asWebhook(hook.origin));
    assert.equal(told[0]?.answer, '200');
    const [first, second] = hook.received;
    assert(second!.at - first!.at >= 1000, String(second!.at - first!.at));
  });

  test('does not wait for what comes too late, nor try again what cannot help', async () => {
    const [busy, gone] = await Promise.all([
      receiver({ status: 429, headers: { 'retry-after': '60' } }),
      receiver({ status: 404, text: 'no_service' }),
    ]);
    const { told } = await tell({ slackUrl: secretUrl(gone.origin), ...asWebhook(busy.origin) });
    assert.deepEqual(told, [
      { channel: 'Slack', error: `${gone.host} answered 404: no_service` },
      { channel: 'Webhook', error: `${busy.host} answered 429` },
    ]);
    assert.deepEqual([busy.received.length, gone.received.length], [1, 1]);
  });

  test('one channel that fails or breaks keeps no other from being told', async () => {
    const hook = await receiver(200);
    const broken = (error: unknown): Channel => ({
      name: 'Broken',
      wants: () => true,
      send: async () => {
        throw error;
      },
    });
    const { told, logged } = await tell(asWebhook(hook.origin), undefined, [
      broken(new TypeError('x is undefined')),
      broken('nonsense'),
    ]);
    assert.equal(told[0]?.answer, '200');
    assert.equal(told[1]?.error, 'x is undefined');
    assert.match(told[2]?.error ?? '', /nonsense/);
    assert.match(logged, /WARN: Broken could not be told: x is undefined/);
  });

  test('ends at once when the run has no more time, and says what went wrong until then', async () => {
    const [hook, hanging] = await Promise.all([receiver({ status: 503, text: 'busy' }), receiver(() => undefined)]);
    const { told } = await tell(
      { slackUrl: secretUrl(hanging.origin), ...asWebhook(hook.origin) },
      AbortSignal.timeout(300),
    );
    assert.match(told[0]?.error ?? '', /did not answer in time|no answer in time/);
    assert.match(told[1]?.error ?? '', /answered 503: busy/);
    const late = await tell(asWebhook(hook.origin), AbortSignal.abort(new Error('stopped')));
    assert.equal(late.told[0]?.error, 'stopped');
  });

  test('a channel that ignores the signal does not hold up the end', async () => {
    const deaf: Channel = { name: 'Deaf', wants: () => true, send: () => new Promise(() => undefined) };
    const { told } = await tell({}, AbortSignal.timeout(50), [deaf]);
    assert.deepEqual(told, [{ channel: 'Deaf', error: 'no answer in time' }]);
  });

  test('asks only those who want to know', async () => {
    const quiet: Channel = { name: 'Quiet', wants: () => false, send: () => assert.fail('it was told') };
    assert.deepEqual((await tell({}, undefined, [quiet])).told, []);
  });

  test('fault 57: receivers that fail, are slow, hang or redirect to metadata cost 20 s in all and nothing else', async () => {
    const [failing, slow, hanging, redirecting] = await Promise.all([
      receiver(500),
      receiver((response) => void setTimeout(() => response.end('ok'), 3_000)),
      receiver(() => undefined),
      receiver({ status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data/' } }),
    ]);
    const { told, logged, ms } = await tell({
      slackUrl: secretUrl(failing.origin),
      discordUrl: secretUrl(slow.origin),
      teamsUrl: secretUrl(hanging.origin),
      ...asWebhook(redirecting.origin),
    });
    assert(ms < 20_500, `took ${ms} ms`);
    const of = (channel: string): Told | undefined => told.find((one) => one.channel === channel);
    assert.match(of('Slack')?.error ?? '', /answered 500 \(\d+ tries\)$/);
    assert(failing.received.length >= 5, String(failing.received.length));
    assert.equal(of('Discord')?.answer, '200');
    assert.match(of('Microsoft Teams')?.error ?? '', /did not answer in time/);
    assert(hanging.received.length >= 1 && hanging.received.length <= 2);
    assert.match(of('Webhook')?.error ?? '', /redirects to another host, which is not followed$/);
    assert(!`${JSON.stringify(told)}${logged}`.includes('canary7d21'), logged);
  });
});

describe('NOTIFY_ON', () => {
  const events = {
    failure: sampleFailure(),
    success: sampleEvent(),
    recovery: sampleEvent({ kind: 'recovery' }),
    started: sampleEvent({ kind: 'started' }),
    test: sampleFailure({ command: 'test' }),
  };
  const expected = {
    failure: ['failure', 'test'],
    recovery: ['failure', 'recovery', 'test'],
    always: ['failure', 'success', 'recovery', 'test'],
  } as const;
  for (const on of ['failure', 'recovery', 'always'] as const) {
    test(`${on} tells ${expected[on].join(', ')}`, () => {
      const told = Object.entries(events)
        .filter(([, event]) => wantsMessage(on, event))
        .map(([kind]) => kind);
      assert.deepEqual(told, expected[on]);
    });
  }
});
