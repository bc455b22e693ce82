import type { NotifyConfig } from '../config/config.ts';
import type { Channel } from './channel.ts';
import { discord } from './discord.ts';
import { emailChannel } from './email.ts';
import { createHttpClient } from './http.ts';
import { pingChannel } from './ping.ts';
import { pushgatewayChannel } from './pushgateway.ts';
import { slack } from './slack.ts';
import { teams } from './teams.ts';
import { telegram } from './telegram.ts';
import { terminationChannel } from './termination.ts';
import { webhook } from './webhook.ts';

/** Every channel that is configured. Disposing ends their connections. */
export interface OpenChannels extends AsyncDisposable {
  readonly channels: readonly Channel[];
}

/** Sets up what is configured; contacts nothing. @param redact takes the configuration's secrets out of answers. */
export function openChannels(config: NotifyConfig, redact: (text: string) => string): OpenChannels {
  const http = createHttpClient(config.proxy, redact);
  const { on, slackUrl, discordUrl, telegram: bot, teamsUrl, webhook: hook, email } = config;
  const { healthcheckUrl, pushgatewayUrl, terminationLog } = config;
  const channels = [
    slackUrl && slack(slackUrl, on, http),
    discordUrl && discord(discordUrl, on, http),
    bot && telegram(bot, on, http),
    teamsUrl && teams(teamsUrl, on, http),
    hook && webhook(hook, on, http),
    email && emailChannel(email, on, redact),
    healthcheckUrl && pingChannel(healthcheckUrl, http),
    pushgatewayUrl && pushgatewayChannel(pushgatewayUrl, http),
    terminationChannel(terminationLog),
  ].filter((channel) => channel !== undefined);
  return { channels, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}
