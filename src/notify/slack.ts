import type { Secret } from '../config/secret.ts';
import { type Channel, type NotifyOn, wantsMessage } from './channel.ts';
import type { HttpClient } from './http.ts';
import { describeEvent, type Message, notesOf } from './message.ts';
import { renderWithin } from './shrink.ts';
import { fit } from './text.ts';

/**
 * Documented: 3,000 characters a text and 50 blocks a message (docs.slack.dev, Block Kit). Not documented: blocks of about
 * 13,200 characters in all are refused with `msg_blocks_too_long` (slackapi/bolt-js#2509).
 */
const limits = { text: 3_000, all: 10_000 } as const;

/** Messages to an incoming webhook of a Slack app. */
export function slack(url: Secret, on: NotifyOn, http: HttpClient): Channel {
  return {
    name: 'Slack',
    wants: (event) => wantsMessage(on, event),
    async send(event, signal) {
      const body = JSON.stringify(slackPayload(describeEvent(event)));
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      const { status, text } = await http.send({ method: 'POST', url, headers, body }, signal);
      return `${status} ${fit(text, 40)}`.trim();
    },
  };
}

interface Run {
  readonly type: 'text';
  readonly text: string;
  readonly style?: { readonly bold: true };
}

interface RichText {
  readonly type: 'rich_text';
  readonly elements: readonly {
    readonly type: 'rich_text_section' | 'rich_text_preformatted';
    readonly elements: readonly Run[];
  }[];
}

/**
 * Blocks of rich text, in which a text is only a text: no markup, mention, link or emoji is read in it, and nothing is to
 * be escaped. `text` is what lock screens show; it is read as mrkdwn, hence escaped, with all other parsing off.
 */
export function slackPayload(message: Message): object {
  return {
    text: fit(message.headline, limits.text, escapeMrkdwn),
    mrkdwn: false,
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: renderWithin(message, blocks, fits),
  };
}

/** The only three characters that Slack reads as the beginning of links, mentions and entities. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function blocks(message: Message): RichText[] {
  const lines = [...message.facts, ...notesOf(message)].map(([label, text]) =>
    section(bold(`${label}: `), plain(text)),
  );
  const quoted = message.quoted.flatMap(({ title, lines: quotedLines }) => [
    section(bold(title)),
    { type: 'rich_text_preformatted', elements: [plain(quotedLines.join('\n'))] } as const,
  ]);
  return [
    { type: 'rich_text', elements: [section(bold(message.headline))] },
    { type: 'rich_text', elements: [...lines, ...quoted] },
    { type: 'rich_text', elements: [section(plain(message.footer))] },
  ];
}

function section(...elements: Run[]): RichText['elements'][number] {
  return { type: 'rich_text_section', elements };
}

function bold(text: string): Run {
  return { ...plain(text), style: { bold: true } };
}

/** An empty text is refused. */
function plain(text: string): Run {
  return { type: 'text', text: text === '' ? ' ' : text };
}

function fits(rendered: readonly RichText[]): boolean {
  const texts = rendered.flatMap(({ elements }) => elements.flatMap((part) => part.elements.map(({ text }) => text)));
  // In UTF-16 units, and escaped, whichever way Slack counts.
  const sizes = texts.map((text) => escapeMrkdwn(text).length);
  return sizes.every((size) => size <= limits.text) && sizes.reduce((sum, size) => sum + size, 0) <= limits.all;
}
