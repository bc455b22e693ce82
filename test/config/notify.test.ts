import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Environment } from '../../src/config/environment.ts';
import { readTellingConfig } from '../../src/config/notify.ts';
import { readReaderConfig } from '../../src/config/read.ts';
import { Failure } from '../../src/errors.ts';
import { assertProblem, leastEnv, problemsWith, read } from './reading.ts';

const token = '123456789:AAEhBOweik9ai2o01i1lvjEsd3KKUqNMr_U';

describe('whom to tell', () => {
  test('is nobody unless something is set, and failures only', () => {
    const { notify } = read();
    assert.deepEqual(notify, {
      on: 'failure',
      slackUrl: undefined,
      discordUrl: undefined,
      teamsUrl: undefined,
      telegram: undefined,
      webhook: undefined,
      email: undefined,
      healthcheckUrl: undefined,
      pushgatewayUrl: undefined,
      terminationLog: '/dev/termination-log',
      proxy: { https: undefined, http: undefined, except: '' },
    });
  });

  test('is read for backups and for the commands that read them alike', () => {
    const env = { ...leastEnv, SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/x', NOTIFY_ON: 'Always' };
    assert.equal(read(env).notify.slackUrl?.reveal(), env.SLACK_WEBHOOK_URL);
    assert.equal(readReaderConfig(env).notify.slackUrl?.reveal(), env.SLACK_WEBHOOK_URL);
    assert.equal(readReaderConfig(env).notify.on, 'always');
  });

  const refused: [string, Environment, RegExp][] = [
    ['an address without https://', { SLACK_WEBHOOK_URL: 'hooks.slack.com/x' }, /^SLACK_WEBHOOK_URL is not a URL/],
    ['an odd protocol', { WEBHOOK_URL: 'file:///etc/passwd' }, /^WEBHOOK_URL is not a URL .* https:\/\/ or http:/],
    ['the trigger of a workflow', { SLACK_WEBHOOK_URL: 'https://hooks.slack.com/triggers/T/1/x' }, /incoming webhook/],
    ['a form of another service', { DISCORD_WEBHOOK_URL: 'https://discord.com/api/webhooks/1/x/slack' }, /\/slack/],
    ['a bot without a chat', { TELEGRAM_BOT_TOKEN: token }, /set TELEGRAM_CHAT_ID too$/],
    ['a chat without a bot', { TELEGRAM_CHAT_ID: '1' }, /set TELEGRAM_BOT_TOKEN too$/],
    ['half a token', { TELEGRAM_BOT_TOKEN: '123:abc', TELEGRAM_CHAT_ID: '1' }, /^TELEGRAM_BOT_TOKEN is no token/],
    ['a chat by its title', { TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_ID: 'our ops' }, /neither a number nor @name/],
    ['mail to nobody', { SMTP_URL: 'smtp://mail', EMAIL_FROM: 'a@b.c' }, /set EMAIL_TO too$/],
    ['mail over https', { SMTP_URL: 'https://mail', EMAIL_FROM: 'a@b.c', EMAIL_TO: 'a@b.c' }, /smtp:\/\/ or smtps:/],
    ['no mail address', { SMTP_URL: 'smtp://mail', EMAIL_FROM: 'a@b.c', EMAIL_TO: 'ops' }, /no mail address/],
    ['a header in an address', { SMTP_URL: 'smtp://m', EMAIL_FROM: 'a@b.c\nBcc: x@y.z', EMAIL_TO: 'a@b.c' }, /no mail/],
    ['an unknown occasion', { NOTIFY_ON: 'sometimes' }, /is not one of failure, recovery, always/],
  ];
  for (const [title, changes, expected] of refused) test(`refuses ${title}`, () => assertProblem(changes, expected));

  test('all problems are told at once, with those of others', () => {
    const problems = problemsWith({ SLACK_WEBHOOK_URL: 'x', TEAMS_WEBHOOK_URL: 'y', SMTP_URL: 'z', VERIFY: 'never' });
    assert.equal(problems.length, 4, problems.join('\n'));
  });

  test('what can be read on the way is a warning, and a secret without a webhook too', () => {
    const { warnings } = read({ WEBHOOK_URL: 'http://alerts.example.com/x', PUSHGATEWAY_URL: 'http://push:9091' });
    assert.deepEqual(warnings, ['WEBHOOK_URL begins with http://, so that whoever is on the way can read along']);
    assert.deepEqual(read({ WEBHOOK_SECRET: 's3cr3t' }).warnings, ['WEBHOOK_SECRET has no effect without WEBHOOK_URL']);
    assert.deepEqual(read({ WEBHOOK_URL: 'http://127.0.0.1:9/x' }).warnings, []);
  });

  test('proxies are read in either case and form, and an odd one stops no backup', () => {
    const { proxy } = read({ https_proxy: 'proxy.example.com:3128', NO_PROXY: 'localhost,.example.com' }).notify;
    assert.equal(proxy.https?.reveal(), 'http://proxy.example.com:3128');
    assert.equal(proxy.except, 'localhost,.example.com');
    const odd = read({ HTTP_PROXY: 'socks5://user:hidden@proxy' });
    assert.equal(odd.notify.proxy.http, undefined);
    assert.deepEqual(odd.warnings, ['HTTP_PROXY has no effect: it is not like http://proxy.example.com:3128']);
  });

  test('the token within an address counts as a secret of its own', () => {
    const { secrets } = read({ SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T00/B00/canaryXXXXXXXXXXXXXX' });
    assert(secrets.some((secret) => secret.reveal() === 'canaryXXXXXXXXXXXXXX'));
  });
});

describe('readTellingConfig', () => {
  test('needs neither a database nor a store, and knows the secrets of both', () => {
    const config = readTellingConfig({
      WEBHOOK_URL: 'https://alerts.example.com/x',
      DATABASE_URL: 'nonsense-canary',
      VERIFY: 'never',
    });
    assert.equal(config.notify.webhook?.url.reveal(), 'https://alerts.example.com/x');
    assert(config.secrets.some((secret) => secret.reveal() === 'nonsense-canary'));
  });

  test('tells a bad occasion, and no problem of other variables', () => {
    const env = {
      SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/x',
      NOTIFY_ON: 'sometimes',
      VERIFY: 'never',
    };
    const told =
      /has a problem:\n {2}- NOTIFY_ON="sometimes" is not one of failure, recovery, always, for example \S+$/;
    assert.throws(() => readTellingConfig(env), { kind: 'config', message: told });
  });

  test('refuses what is wrong with telling itself', () => {
    assert.throws(
      () => readTellingConfig({ WEBHOOK_URL: 'nowhere' }),
      (error) => error instanceof Failure && error.exitCode === 78 && error.message.includes('WEBHOOK_URL'),
    );
  });
});
