import { Secret } from '../config/secret.ts';
import { type Channel, type NotifyOn, wantsMessage } from './channel.ts';
import type { HttpClient } from './http.ts';
import { describeEvent, type Message, notesOf } from './message.ts';
import { renderWithin } from './shrink.ts';
import { fit } from './text.ts';

/** docs.discord.com: "Execute Webhook" and "Embed Limits"; `all` is for the texts of all embeds of a message. */
const limits = { content: 2_000, description: 4_096, name: 256, value: 1_024, fields: 25, footer: 2_048, all: 6_000 };

const colors = { failure: 0xd3_2f_2f, success: 0x2e_7d_32, test: 0x19_76_d2 } as const;

/** Messages to a webhook of a Discord channel. */
export function discord(webhook: Secret, on: NotifyOn, http: HttpClient): Channel {
  // Only then does the answer say whether the message was kept, and not merely received.
  const waiting = new URL(webhook.reveal());
  waiting.searchParams.set('wait', 'true');
  const url = new Secret(waiting.href);
  return {
    name: 'Discord',
    wants: (event) => wantsMessage(on, event),
    async send(event, signal) {
      const body = JSON.stringify(discordPayload(describeEvent(event)));
      const headers = { 'content-type': 'application/json' };
      const { status, text } = await http.send({ method: 'POST', url, headers, body }, signal);
      const id = /"id"\s*:\s*"(\d{1,20})"/.exec(text)?.[1];
      return `${status}${id === undefined ? '' : ` message ${id}`}`;
    },
  };
}

interface Embed {
  readonly color: number;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly description?: string;
  readonly footer: { readonly text: string };
}

/** The headline as the message, for lock screens, and the rest as an embed. Nobody is ever mentioned. */
export function discordPayload(message: Message): object {
  return {
    content: fit(message.headline, limits.content, escapeMarkdown),
    embeds: [renderWithin(message, embed, fits)],
    allowed_mentions: { parse: [] },
  };
}

/**
 * A backslash before each character that begins markup, a mention, an emoji, a link, a list or an invitation: before
 * any punctuation it stands for that character itself.
 */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~|>#+\-`[\]()<@:/]/g, String.raw`\$&`);
}

function embed(message: Message): Embed {
  const notes = notesOf(message).map(([title, text]) => `**${title}** ${escapeMarkdown(text)}`);
  // No code blocks: three backticks within would end one, and nothing can be escaped there.
  const quoted = message.quoted.map(({ title, lines }) => [`**${title}**`, ...lines.map(escapeMarkdown)].join('\n'));
  const description = [...notes, ...quoted].join('\n');
  return {
    color: colors[message.outcome],
    ...(description === '' ? {} : { description }),
    fields: message.facts.slice(0, limits.fields).map(([label, value]) => ({
      name: fit(label, limits.name, escapeMarkdown),
      // An empty one is refused.
      value: fit(value, limits.value, escapeMarkdown) || '-',
      inline: value.length <= 40,
    })),
    footer: { text: fit(message.footer, limits.footer) },
  };
}

function fits({ description = '', fields, footer }: Embed): boolean {
  const texts = [description, footer.text, ...fields.flatMap(({ name, value }) => [name, value])];
  const all = texts.reduce((sum, text) => sum + text.length, 0);
  return description.length <= limits.description && all <= limits.all;
}
