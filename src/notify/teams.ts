import type { Secret } from '../config/secret.ts';
import { type Channel, type NotifyOn, wantsMessage } from './channel.ts';
import { DeliveryFailure } from './delivery.ts';
import type { HttpClient } from './http.ts';
import { describeEvent, type Message, notesOf } from './message.ts';
import { renderWithin } from './shrink.ts';

/** 28 KB are documented for a message (learn.microsoft.com, Teams connector); less has been seen to be refused. */
const mostBytes = 20_000;

const styles = { failure: 'attention', success: 'good', test: 'accent' } as const;

/** Messages to a Teams workflow that posts a card when a webhook request is received. */
export function teams(url: Secret, on: NotifyOn, http: HttpClient): Channel {
  return {
    name: 'Microsoft Teams',
    wants: (event) => wantsMessage(on, event),
    async send(event, signal) {
      const body = JSON.stringify(teamsPayload(describeEvent(event)));
      const headers = { 'content-type': 'application/json' };
      const { status, text } = await http.send({ method: 'POST', url, headers, body }, signal);
      // The older connectors answer 200 whatever became of the message.
      if (/delivery failed/i.test(text)) {
        const code = /HTTP error (\d{3})/.exec(text)?.[1];
        throw new DeliveryFailure(
          `Teams answered ${status}, but the message was not delivered: ${code ?? 'no reason'}`,
          {
            transient: code === '429' || code?.startsWith('5') === true,
          },
        );
      }
      return String(status);
    },
  };
}

interface TextRun {
  readonly type: 'TextRun';
  readonly text: string;
  readonly weight?: 'Bolder';
  readonly size?: 'Medium';
  readonly fontType?: 'Monospace';
  readonly isSubtle?: true;
}

/** A message with one Adaptive Card. Its texts are runs of rich text blocks, in which no Markdown is read. */
export function teamsPayload(message: Message): object {
  return renderWithin(message, card, (payload) => Buffer.byteLength(JSON.stringify(payload)) <= mostBytes);
}

function card(message: Message): object {
  const headline = richText(runs(message.headline, { weight: 'Bolder', size: 'Medium' }));
  const lines = [...message.facts, ...notesOf(message)].map(([label, text]) =>
    richText([...runs(`${label}: `, { weight: 'Bolder' }), ...runs(text)], 'None'),
  );
  const quoted = message.quoted.flatMap(({ title, lines: quotedLines }) => [
    richText(runs(title, { weight: 'Bolder' })),
    ...quotedLines.map((line) => richText(runs(line, { fontType: 'Monospace' }), 'None')),
  ]);
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      { type: 'Container', style: styles[message.outcome], bleed: true, items: [headline] },
      ...lines,
      ...quoted,
      richText(runs(message.footer, { isSubtle: true })),
    ],
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return { type: 'message', summary: message.headline, attachments: [attachment] };
}

function richText(inlines: readonly TextRun[], spacing: 'Default' | 'None' = 'Default'): object {
  return { type: 'RichTextBlock', spacing, inlines };
}

/** Cards replace `{{DATE(...)}}` and `{{TIME(...)}}` even there; two runs that share the braces are left alone. */
function runs(text: string, style: Omit<TextRun, 'type' | 'text'> = {}): TextRun[] {
  return text.split(/(?<=\{)(?=\{)/).map((part) => ({ type: 'TextRun', text: part === '' ? ' ' : part, ...style }));
}
