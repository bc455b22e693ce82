import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { Secret } from '../../src/config/secret.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import type { Message } from '../../src/notify/message.ts';
import { teams, teamsPayload } from '../../src/notify/teams.ts';
import { growing, hostileMessage, hostileName, longestMessage, shown } from './hostile.ts';
import { direct, failure, receiver } from './sending.ts';
import { sampleFailure } from './sample-event.ts';

/** The part of the documented formats (workflow webhook, Adaptive Cards 1.4) that is used; nothing else may be there. */
const run = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  weight: z.literal('Bolder').optional(),
  size: z.literal('Medium').optional(),
  fontType: z.literal('Monospace').optional(),
  isSubtle: z.literal(true).optional(),
});
const block = z.strictObject({
  type: z.literal('RichTextBlock'),
  spacing: z.enum(['Default', 'None']),
  inlines: z.array(run).min(1),
});
const container = z.strictObject({
  type: z.literal('Container'),
  style: z.enum(['attention', 'good', 'accent']),
  bleed: z.literal(true),
  items: z.array(block).length(1),
});
const payloadFormat = z.strictObject({
  type: z.literal('message'),
  summary: z.string(),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: z.strictObject({
          $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
          type: z.literal('AdaptiveCard'),
          version: z.literal('1.4'),
          msteams: z.strictObject({ width: z.literal('Full') }),
          body: z.array(z.discriminatedUnion('type', [container, block])),
        }),
      }),
    )
    .length(1),
});
type Payload = z.infer<typeof payloadFormat>;

const render = (message: Message): Payload => payloadFormat.parse(JSON.parse(JSON.stringify(teamsPayload(message))));
const blocks = ({ attachments }: Payload): z.infer<typeof block>[] =>
  attachments.flatMap(({ content }) =>
    content.body.flatMap((part) => (part.type === 'Container' ? part.items : [part])),
  );
const lines = (payload: Payload): string[] =>
  blocks(payload).map(({ inlines }) => inlines.map(({ text }) => text).join(''));

async function sendTo(answer: {
  status: number;
  text?: string;
}): Promise<{ sent: Promise<string>; body: () => string }> {
  const { origin, received } = await receiver(answer);
  await using http = createHttpClient(direct, (same) => same);
  const sent = teams(new Secret(`${origin}/workflows/canary`), 'failure', http).send(
    sampleFailure(),
    new AbortController().signal,
  );
  await sent.catch(() => undefined);
  return { sent, body: () => received[0]?.body ?? '' };
}

describe('Microsoft Teams', () => {
  test('gets a card with the headline, the facts, the hint and the log', async () => {
    const { sent, body } = await sendTo({ status: 202 });
    assert.equal(await sent, '202');
    const shownLines = lines(payloadFormat.parse(JSON.parse(body())));
    assert.match(shownLines[0] ?? '', /^❌ shop: backup failed: .* \(exit 65\)\. Newest good backup: 1d 1m old\.$/);
    for (const line of ['Database: shop', 'What to do: GRANT pg_read_all_data TO backup;', 'INFO: done']) {
      assert(shownLines.includes(line), shownLines.join('\n'));
    }
  });

  test('that answers 200 for a message that it did not deliver has failed', async () => {
    const words = 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error';
    const large = await failure((await sendTo({ status: 200, text: `${words} 413 with ContextId x` })).sent);
    assert.deepEqual(
      [large.message, large.transient],
      ['Teams answered 200, but the message was not delivered: 413', false],
    );
    assert((await failure((await sendTo({ status: 200, text: `${words} 429 with ContextId x` })).sent)).transient);
  });

  test('a name can be read as it is and is never read as markup, a mention, a function or a block', () => {
    const plain = lines(render(hostileMessage('shop'))).length;
    fc.assert(
      fc.property(hostileName, (name) => {
        const payload = render(hostileMessage(name));
        const all = lines(payload);
        assert.equal(all.length, plain);
        assert(all[0]?.includes(`permission denied for table ${shown(name)}!`), all[0]);
        assert(all.includes(`Database: ${shown(name)}`), all.join('\n'));
        for (const { inlines } of blocks(payload)) for (const { text } of inlines) assert(!text.includes('{{'), text);
      }),
      { numRuns: 500 },
    );
  });

  test('the largest message is well within 28 KB', () => {
    for (const character of growing) {
      const payload = render(longestMessage(character));
      const bytes = Buffer.byteLength(JSON.stringify(payload));
      assert(bytes <= 20_000, `${character}: ${bytes}`);
      assert(blocks(payload).length > 8, 'the facts are gone');
    }
  });
});
