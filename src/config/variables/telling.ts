import { boolean, list, oneOf, secretText, text } from '../kinds.ts';
import { variable } from '../variable.ts';

/** Who is told how a run ended. Several at once are fine. See docs/NOTIFICATIONS.md. */
export const tellingVariables = {
  NOTIFY_ON: variable(oneOf('failure', 'recovery', 'always'), {
    words:
      'What people are told: `failure` each failure; `recovery` also the first success after one; `always` every run. `HEALTHCHECK_URL` and `PUSHGATEWAY_URL` get every run.',
    example: 'recovery',
    default: 'failure',
  }),
  SLACK_WEBHOOK_URL: variable(secretText, {
    words: 'An incoming webhook of a Slack app.',
    example: 'https://hooks.slack.com/services/...',
    secret: true,
  }),
  DISCORD_WEBHOOK_URL: variable(secretText, {
    words: 'A webhook of a Discord channel.',
    example: 'https://discord.com/api/webhooks/...',
    secret: true,
  }),
  TEAMS_WEBHOOK_URL: variable(secretText, {
    words: 'The URL of a Microsoft Teams workflow that posts a card when a webhook request is received.',
    example: 'https://...logic.azure.com/workflows/...',
    secret: true,
  }),
  TELEGRAM_BOT_TOKEN: variable(secretText, {
    words: 'The token of a Telegram bot, together with `TELEGRAM_CHAT_ID`.',
    example: '123456789:AAE...',
    secret: true,
  }),
  TELEGRAM_CHAT_ID: variable(text, {
    words: 'The chat that the bot writes to: a number, or `@name` of a public channel.',
    example: '-1001234567890',
  }),
  TELEGRAM_API_URL: variable(text, {
    words: 'A Telegram Bot API server of your own.',
    example: 'https://telegram.example.com',
    default: 'https://api.telegram.org',
  }),
  WEBHOOK_URL: variable(secretText, {
    words: 'Gets each message as JSON by `POST`.',
    example: 'https://alerts.example.com/backup',
    secret: true,
  }),
  WEBHOOK_SECRET: variable(secretText, {
    words: 'Signs what `WEBHOOK_URL` gets, so that it can tell who sent it.',
    example: 'a long random text',
    secret: true,
  }),
  SMTP_URL: variable(secretText, {
    words: 'Mail server for mails from `EMAIL_FROM` to `EMAIL_TO`: `smtp://` (with STARTTLS) or `smtps://`.',
    example: 'smtp://user:password@mail.example.com:587',
    secret: true,
  }),
  EMAIL_FROM: variable(text, { words: 'Sender of mails.', example: 'backups@example.com' }),
  EMAIL_TO: variable(list, { words: 'Who gets mails.', example: 'ops@example.com,dba@example.com', default: '' }),
  HEALTHCHECK_URL: variable(secretText, {
    words: 'A dead man’s switch that is pinged when a run starts, succeeds or fails.',
    example: 'https://hc-ping.com/your-uuid',
    secret: true,
  }),
  PUSHGATEWAY_URL: variable(secretText, {
    words: 'A Prometheus Pushgateway that gets the figures of each run.',
    example: 'http://pushgateway:9091',
    secret: true,
  }),
  TERMINATION_LOG: variable(text, {
    words:
      'Where Kubernetes reads why a container ended (`terminationMessagePath`). Without that file nothing is written.',
    example: '/dev/termination-log',
    default: '/dev/termination-log',
  }),
  REPORT: variable(boolean, {
    words:
      'Write a page about all backups, `report.html`, and a badge, `status.svg`, into the store after each run. Needs the right to list and read it. See docs/REPORT.md.',
    example: 'on',
    default: 'false',
  }),
  HTTPS_PROXY: variable(secretText, {
    words: 'Proxy for notifications to `https://` addresses; the store and the database are reached without it.',
    example: 'http://proxy.example.com:3128',
    fallbacks: ['https_proxy'],
    secret: true,
  }),
  HTTP_PROXY: variable(secretText, {
    words: 'The same for `http://` addresses.',
    example: 'http://proxy.example.com:3128',
    fallbacks: ['http_proxy'],
    secret: true,
  }),
  NO_PROXY: variable(text, {
    words: 'Hosts that are reached without a proxy.',
    example: 'localhost,.example.com',
    fallbacks: ['no_proxy'],
  }),
};
