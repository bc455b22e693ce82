import { Secret } from '../config/secret.ts';
import type { NotifyConfig } from '../config/config.ts';
import { type Channel, type NotifyOn, wantsMessage } from './channel.ts';
import type { HttpClient } from './http.ts';
import { describeEvent, type Message, notesOf } from './message.ts';
import { renderWithin } from './shrink.ts';

/** Characters of the text after its markup is read (core.telegram.org/bots/api#sendmessage). */
const longestText = 4_096;

/** Messages of a bot to a chat. */
export function telegram(config: NonNullable<NotifyConfig['telegram']>, on: NotifyOn, http: HttpClient): Channel {
  const url = new Secret(`${config.apiUrl.replace(/\/+$/, '')}/bot${config.token.reveal()}/sendMessage`);
  return {
    name: 'Telegram',
    wants: (event) => wantsMessage(on, event),
    async send(event, signal) {
      const body = JSON.stringify({ chat_id: config.chatId, ...telegramPayload(describeEvent(event)) });
      const headers = { 'content-type': 'application/json' };
      const { status, text } = await http.send({ method: 'POST', url, headers, body }, signal);
      const id = /"message_id"\s*:\s*(\d{1,20})/.exec(text)?.[1];
      return `${status}${id === undefined ? '' : ` message ${id}`}`;
    },
  };
}

/** The text with Telegram's HTML, and no preview of anything. */
export function telegramPayload(message: Message): object {
  return {
    text: renderWithin(message, html, (text) => visibleLength(text) <= longestText),
    parse_mode: 'HTML',
    link_preview_options: { is_disabled: true },
  };
}

function html(message: Message): string {
  const facts = message.facts.map(([label, value]) => `<b>${escapeHtml(label)}:</b> ${code(value)}`);
  const notes = notesOf(message).map(([title, text]) => `<b>${escapeHtml(title)}:</b> ${words(text)}`);
  const quoted = message.quoted.map(
    ({ title, lines }) => `<b>${escapeHtml(title)}</b>\n<pre>${escapeHtml(lines.join('\n'))}</pre>`,
  );
  const parts = [words(message.headline, 'b'), facts.join('\n'), notes.join('\n'), ...quoted, code(message.footer)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/**
 * A text in which Telegram finds nothing by itself: it would make mentions, commands, hashtags and addresses of
 * what looks like them, except in code. What could be one is shown as code, the rest as it is or in the given tag.
 */
function words(text: string, tag?: 'b'): string {
  return text
    .split(/(\S*(?:[@#$/]|\.[^\s.])\S*)/)
    .map((part, index) => {
      if (part.trim() === '') return part;
      const escaped = escapeHtml(part);
      if (index % 2 === 1) return `<code>${escaped}</code>`;
      return tag === undefined ? escaped : `<${tag}>${escaped}</${tag}>`;
    })
    .join('');
}

function code(text: string): string {
  return text === '' ? '' : `<code>${escapeHtml(text)}</code>`;
}

/** What Telegram's HTML needs; other entities are not needed, and few are known to it. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function visibleLength(markup: string): number {
  return markup.replace(/<[^>]*>/g, '').replace(/&(?:amp|lt|gt);/g, '.').length;
}
