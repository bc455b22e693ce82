import type { NotifyConfig } from '../config/config.ts';
import type { Channel } from './channel.ts';
import { discord } from './discord.ts';
import { createHttpClient } from './http.ts';
import { slack } from './slack.ts';
import { teams } from './teams.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';

/** Every channel that is configured. Disposing ends their connections. */
export interface OpenChannels extends AsyncDisposable {
  readonly channels: readonly Channel[];
}

/** Sets up what is configured; contacts nothing. @param redact takes the configuration's secrets out of answers. */
export function openChannels(config: NotifyConfig, redact: (text: string) => string): OpenChannels {
  const http = createHttpClient(config.proxy, redact);
  const { on, slackUrl, discordUrl, telegram: bot, teamsUrl, webhook: hook } = config;
  const channels = [
    slackUrl && slack(slackUrl, on, http),
    discordUrl && discord(discordUrl, on, http),
    bot && telegram(bot, on, http),
    teamsUrl && teams(teamsUrl, on, http),
    hook && webhook(hook, on, http),
  ].filter((channel) => channel !== undefined);
  return { channels, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}
