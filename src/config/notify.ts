import type { LogConfig, NotifyConfig } from './config.ts';
import { type Environment, type ReadValues, quote, readValues } from './environment.ts';
import { Findings } from './findings.ts';
import { inOurForm } from './other-forms.ts';
import { Secret } from './secret.ts';
import { namesOf } from './variable.ts';
import { tellingVariables } from './variables/telling.ts';
import type { VariableName } from './variables.ts';
import { readWebUrl } from './web-url.ts';

/** Whom to tell, checked. After a problem the channel is left out. */
export function readNotify(read: ReadValues, findings: Findings): NotifyConfig {
  const { values } = read;
  const url = (name: UrlName): Secret | undefined => readChannelUrl(name, read, findings);
  const webhookUrl = url('WEBHOOK_URL');
  if (read.isSet('WEBHOOK_SECRET') && !read.isSet('WEBHOOK_URL')) {
    findings.warn('WEBHOOK_SECRET has no effect without WEBHOOK_URL');
  }
  return {
    on: values.NOTIFY_ON,
    slackUrl: url('SLACK_WEBHOOK_URL'),
    discordUrl: url('DISCORD_WEBHOOK_URL'),
    teamsUrl: url('TEAMS_WEBHOOK_URL'),
    telegram: readTelegram(read, findings),
    webhook: webhookUrl && { url: webhookUrl, secret: values.WEBHOOK_SECRET },
    email: readEmail(read, findings),
    healthcheckUrl: url('HEALTHCHECK_URL'),
    pushgatewayUrl: url('PUSHGATEWAY_URL'),
    terminationLog: values.TERMINATION_LOG,
    proxy: {
      https: readProxy('HTTPS_PROXY', read, findings),
      http: readProxy('HTTP_PROXY', read, findings),
      except: values.NO_PROXY ?? '',
    },
  };
}

/** What telling needs, without a database or a store: also where the rest of the configuration is wrong. */
export interface TellingConfig {
  readonly notify: NotifyConfig;
  readonly log: LogConfig;
  readonly warnings: readonly string[];
  /** Every secret of the whole environment. */
  readonly secrets: readonly Secret[];
}

/** Problems begin with the name that was written. */
function isAboutTelling(problem: string): boolean {
  const names = Object.entries(tellingVariables).flatMap(([name, about]) => namesOf(name, about));
  const [written = ''] = /^\w+/.exec(problem) ?? [];
  return names.includes(written) || names.includes(written.replace(/_FILE$/, ''));
}

/**
 * Reads only whom to tell.
 * @throws {Failure} `config` listing every problem of the variables for that; those of others are none here.
 */
export function readTellingConfig(env: Environment): TellingConfig {
  const all = new Findings();
  const read = readValues(inOurForm(env, all), all);
  const findings = new Findings();
  const notify = readNotify(read, findings);
  for (const problem of all.problems) if (isAboutTelling(problem)) findings.problem(problem);
  findings.throwIfAny();
  return {
    notify,
    log: { format: read.values.LOG_FORMAT, level: read.values.LOG_LEVEL },
    warnings: findings.warnings,
    secrets: [...all.secrets, ...findings.secrets],
  };
}

/** The platform may have set it for others: one of another form must not stop a backup. */
function readProxy(name: 'HTTPS_PROXY' | 'HTTP_PROXY', read: ReadValues, findings: Findings): Secret | undefined {
  const text = read.values[name]?.reveal();
  if (text === undefined) return undefined;
  const whole = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '') {
    if (url.password !== '') findings.secret(new Secret(url.password));
    return new Secret(whole);
  }
  findings.warn(`${read.nameOf(name)} has no effect: it is not like http://proxy.example.com:3128`);
  return undefined;
}

type UrlName = Extract<VariableName, `${'SLACK' | 'DISCORD' | 'TEAMS'}_WEBHOOK_URL` | 'WEBHOOK_URL'> | PingName;
type PingName = 'HEALTHCHECK_URL' | 'PUSHGATEWAY_URL';

/** URLs that look right and take something else than what is sent. */
const wrongUrls: Partial<Record<UrlName, { readonly path: RegExp; readonly words: string }>> = {
  SLACK_WEBHOOK_URL: {
    path: /^\/(?:triggers|workflows)\//,
    words: 'starts a Slack workflow; it must be an incoming webhook, https://hooks.slack.com/services/...',
  },
  DISCORD_WEBHOOK_URL: {
    path: /\/(?:slack|github)\/?$/,
    words: 'ends with the form of another service; remove /slack or /github from its end',
  },
};

function readChannelUrl(name: UrlName, read: ReadValues, findings: Findings): Secret | undefined {
  const url = readWebUrl(name, read, findings);
  const wrong = wrongUrls[name];
  if (url === undefined || wrong?.path.test(new URL(url.reveal()).pathname) !== true) return url;
  findings.problem(`${read.nameOf(name)} ${wrong.words}`);
  return undefined;
}

function readTelegram(read: ReadValues, findings: Findings): NotifyConfig['telegram'] {
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_ID: chatId } = read.values;
  const apiUrl = readWebUrl('TELEGRAM_API_URL', read, findings);
  if (token === undefined && chatId === undefined) return undefined;
  if (token === undefined || chatId === undefined) {
    const missing = token === undefined ? 'TELEGRAM_BOT_TOKEN' : 'TELEGRAM_CHAT_ID';
    findings.problem(`TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID belong together; set ${missing} too`);
    return undefined;
  }
  if (!/^\d+:[\w-]{20,}$/.test(token.reveal())) {
    findings.problem(
      `${read.nameOf('TELEGRAM_BOT_TOKEN')} is no token of a bot: a number, a colon and 35 characters, as @BotFather shows it`,
    );
    return undefined;
  }
  if (!/^(?:-?\d+|@\w+)$/.test(chatId)) {
    findings.problem(
      `TELEGRAM_CHAT_ID=${quote(chatId)} is neither a number nor @name, for example TELEGRAM_CHAT_ID=-1001234567890`,
    );
    return undefined;
  }
  return apiUrl && { apiUrl: apiUrl.reveal(), token, chatId };
}

function readEmail(read: ReadValues, findings: Findings): NotifyConfig['email'] {
  const { SMTP_URL: url, EMAIL_FROM: from, EMAIL_TO: to } = read.values;
  const names = ['SMTP_URL', 'EMAIL_FROM', 'EMAIL_TO'] as const;
  const missing = names.filter((name) => !read.isSet(name));
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    findings.problem(`SMTP_URL, EMAIL_FROM and EMAIL_TO belong together; set ${missing.join(' and ')} too`);
    return undefined;
  }
  if (url === undefined || readWebUrl('SMTP_URL', read, findings, ['smtp:', 'smtps:']) === undefined) return undefined;
  const addresses = [['EMAIL_FROM', from ?? ''] as const, ...to.map((address) => ['EMAIL_TO', address] as const)];
  for (const [name, address] of addresses) {
    if (/^(?:[^<>\r\n]*<[^\s<>@,]+@[^\s<>@,]+>|[^\s<>@,]+@[^\s<>@,]+)$/.test(address)) continue;
    findings.problem(`${name} has something that is no mail address, for example ${name}=ops@example.com`);
    return undefined;
  }
  return { smtpUrl: url, from: from ?? '', to };
}
