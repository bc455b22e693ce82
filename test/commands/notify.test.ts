import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Answer, type Receiver, startReceiver } from '../notify/receiver.ts';
import { startProxy } from '../notify/proxy.ts';
import { runEntrypoint, startEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';

const opened: { close(): Promise<void> }[] = [];
after(() => Promise.all(opened.map((one) => one.close())));

async function receiver(...answers: Answer[]): Promise<Receiver> {
  const one = await startReceiver(...answers);
  opened.push(one);
  return one;
}

const args = ['notify', '--test'];
const canary = 'canary-7d21f0b6c4';
const token = `123456789:${canary}-AAEhBOweik9ai2o01`;

/** Every chat and the webhook, at one receiver. */
function everywhere(origin: string): Record<string, string> {
  return {
    SLACK_WEBHOOK_URL: `${origin}/slack/${canary}`,
    DISCORD_WEBHOOK_URL: `${origin}/discord/${canary}`,
    TEAMS_WEBHOOK_URL: `${origin}/teams?sig=${canary}`,
    TELEGRAM_API_URL: origin,
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_CHAT_ID: '-100123',
    WEBHOOK_URL: `${origin}/hook/${canary}`,
    WEBHOOK_SECRET: `${canary}-hmac`,
  };
}

describe('notify --test', () => {
  test('sends a sample that says so through every channel, and prints what each answered', async () => {
    const { origin, received } = await receiver(200);
    const { exitCode, stdout, stderr } = await runEntrypoint(everywhere(origin), { args });
    assert.equal(exitCode, 0, stderr);
    for (const name of ['Slack', 'Discord', 'Telegram', 'Microsoft Teams', 'Webhook']) {
      assert.match(stdout, new RegExp(`^${name} +ok +200$`, 'm'));
    }
    assert.equal(received.length, 5);
    for (const { path, body } of received) assert.match(body, /This is a test, nothing failed/, path);
  });

  test('is told whatever NOTIFY_ON says, and needs neither a database nor a store', async () => {
    const { origin, received } = await receiver(204);
    const run = await runEntrypoint({ WEBHOOK_URL: origin, NOTIFY_ON: 'failure', DATABASE_URL: 'nonsense' }, { args });
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal((JSON.parse(received[0]?.body ?? '') as { event: string }).event, 'test');
  });

  test('ends with 74 when a channel fails, after it has told the others', async () => {
    const [good, bad] = await Promise.all([receiver(200), receiver({ status: 404, text: 'no_service' })]);
    const env = { WEBHOOK_URL: `${good.origin}/x`, SLACK_WEBHOOK_URL: `${bad.origin}/${canary}` };
    const { exitCode, stdout, stderr } = await runEntrypoint(env, { args });
    assert.equal(exitCode, 74, stderr);
    assert.match(stdout, /^Webhook +ok +200$/m);
    assert.match(stdout, /^Slack +FAILED +127\.0\.0\.1:\d+ answered 404: no_service$/m);
    assert.match(stderr, /ERROR: could not tell Slack\n/);
  });

  test('ends with 78 when nobody is told, also where Kubernetes is, and when a channel is set up wrong', async () => {
    const file = join(temporaryFolder(), 'termination-log');
    writeFileSync(file, '');
    for (const env of [{}, { TERMINATION_LOG: file }] as Record<string, string>[]) {
      const { exitCode, stderr } = await runEntrypoint(env, { args });
      assert.equal(exitCode, 78, stderr);
      assert.match(stderr, /nobody is told of anything/);
    }
    const wrong = await runEntrypoint({ SLACK_WEBHOOK_URL: canary, TELEGRAM_CHAT_ID: '1' }, { args });
    assert.equal(wrong.exitCode, 78);
    assert.match(wrong.stderr, /2 problems/);
    assert(!wrong.stderr.includes(canary), wrong.stderr);
  });

  test('without --test sends nothing', async () => {
    const { origin, received } = await receiver(200);
    const { exitCode, stderr } = await runEntrypoint({ WEBHOOK_URL: origin }, { args: ['notify'] });
    assert.equal(exitCode, 64);
    assert.match(stderr, /Usage: pg-offsite notify --test/);
    assert.deepEqual(received, []);
  });

  test('shows no secret, whatever the receivers answer, at any level and in JSON', async () => {
    const echo: Answer = (response, { path, headers, body }) =>
      response
        .writeHead(400)
        .end(JSON.stringify({ path, headers, encoded: encodeURIComponent(path), body: body.length }));
    const { origin, received } = await receiver(echo);
    const redirecting = await receiver({ status: 302, headers: { location: `http://127.0.0.2/${canary}` } });
    for (const format of ['auto', 'json']) {
      for (const env of [everywhere(origin), everywhere(redirecting.origin)]) {
        const run = await runEntrypoint({ ...env, LOG_LEVEL: 'debug', LOG_FORMAT: format }, { args });
        assert.equal(run.exitCode, 74);
        assert.match(run.stdout, /^Telegram +FAILED/m);
        assert(!`${run.stdout}${run.stderr}`.includes(canary), run.stdout + run.stderr);
      }
    }
    for (const { body, headers } of received) assert(!`${body}${JSON.stringify(headers)}`.includes(canary), body);
  });

  test('goes through the proxy of the environment', async () => {
    const [{ origin, received }, proxy] = await Promise.all([receiver(200), startProxy()]);
    opened.push(proxy);
    const url = `${origin.replace('127.0.0.1', 'alerts.invalid')}/x`;
    const { exitCode, stderr } = await runEntrypoint({ WEBHOOK_URL: url, http_proxy: proxy.url }, { args });
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual([proxy.asked.map(({ what }) => what), received.length], [[`POST ${url}`], 1]);
  });

  test('stops when it is told to', async () => {
    const { origin, received } = await receiver(() => undefined);
    const run = startEntrypoint({ WEBHOOK_URL: origin }, { args });
    await until('the receiver was asked', () => received.length > 0);
    run.signal('SIGTERM');
    assert.equal((await run.ended).exitCode, 143);
  });
});

test(
  'fault 57: a name that resolves to a metadata address is refused',
  { skip: process.getuid?.() !== 0 && 'only root can mount' },
  async () => {
    const hosts = join(temporaryFolder(), 'hosts');
    writeFileSync(
      hosts,
      '169.254.169.254 innocent.example\n127.0.0.1 both.example\n169.254.169.254 both.example\n127.0.0.1 here.example\n',
    );
    const before = ['unshare', '--mount', 'sh', '-euc', `mount --bind '${hosts}' /etc/hosts; exec "$@"`, 'sh'];
    const { origin } = await receiver(200);
    const to = (name: string): string => origin.replace('127.0.0.1', name);
    const env = {
      SLACK_WEBHOOK_URL: to('innocent.example'),
      DISCORD_WEBHOOK_URL: to('both.example'),
      WEBHOOK_URL: to('here.example'),
    };
    const { exitCode, stdout, stderr } = await runEntrypoint(env, { args, before });
    assert.equal(exitCode, 74, stderr);
    assert.match(stdout, /^Slack +FAILED +innocent\.example is refused: it is a link-local address/m);
    assert.match(stdout, /^Discord +FAILED +both\.example is refused: it is a link-local address/m);
    assert.match(stdout, /^Webhook +ok +200$/m);
  },
);
