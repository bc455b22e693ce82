import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { Secret } from '../../src/config/secret.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import type { Message } from '../../src/notify/message.ts';
import { slack, slackPayload } from '../../src/notify/slack.ts';
import { growing, hostileMessage, hostileName, longestMessage, shown } from './hostile.ts';
import { direct, failure, receiver } from './sending.ts';
import { sampleFailure } from './sample-event.ts';

/** The part of Slack's documented format that is used, with its limits; nothing else may be there. */
const text = z.string().min(1).max(3_000);
const run = z.strictObject({
  type: z.literal('text'),
  text,
  style: z.strictObject({ bold: z.literal(true) }).optional(),
});
const payloadFormat = z.strictObject({
  text,
  mrkdwn: z.literal(false),
  parse: z.literal('none'),
  link_names: z.literal(false),
  unfurl_links: z.literal(false),
  unfurl_media: z.literal(false),
  blocks: z
    .array(
      z.strictObject({
        type: z.literal('rich_text'),
        elements: z
          .array(
            z.strictObject({
              type: z.enum(['rich_text_section', 'rich_text_preformatted']),
              elements: z.array(run).min(1),
            }),
          )
          .min(1),
      }),
    )
    .min(1)
    .max(50),
});

const render = (message: Message): z.infer<typeof payloadFormat> =>
  payloadFormat.parse(JSON.parse(JSON.stringify(slackPayload(message))));

const runs = (payload: z.infer<typeof payloadFormat>): z.infer<typeof run>[] =>
  payload.blocks.flatMap(({ elements }) => elements.flatMap((part) => part.elements));

const skeleton = (payload: z.infer<typeof payloadFormat>): object =>
  payload.blocks.map(({ elements }) =>
    elements.map((part) => [part.type, part.elements.map(({ style }) => style ?? null)]),
  );

describe('Slack', () => {
  test('gets the headline, the facts, the hint and the log in blocks', async () => {
    const { origin, received } = await receiver({ status: 200, text: 'ok' });
    await using http = createHttpClient(direct, (same) => same);
    const channel = slack(new Secret(`${origin}/services/T0/B0/x`), 'failure', http);
    assert.equal(await channel.send(sampleFailure(), new AbortController().signal), '200 ok');
    const [one] = received;
    assert.deepEqual([one?.method, one?.path], ['POST', '/services/T0/B0/x']);
    assert.match(one?.headers['content-type'] ?? '', /^application\/json/);
    const payload = payloadFormat.parse(JSON.parse(one?.body ?? ''));
    assert.match(payload.text, /^❌ shop: backup failed: .* \(exit 65\)\. Newest good backup: 1d 1m old\.$/);
    const texts = runs(payload).map((part) => part.text);
    for (const expected of [
      payload.text,
      'Database: ',
      'shop',
      'What to do: ',
      'GRANT pg_read_all_data TO backup;',
      'INFO: backing up shop\nINFO: done',
    ]) {
      assert(texts.includes(expected), `${expected} is not in ${texts.join('|')}`);
    }
  });

  test('says why it refused', async () => {
    const { origin, host } = await receiver({ status: 403, text: 'invalid_token' });
    await using http = createHttpClient(direct, (same) => same);
    const channel = slack(new Secret(`${origin}/services/T0/B0/canary`), 'failure', http);
    const error = await failure(channel.send(sampleFailure(), new AbortController().signal));
    assert.equal(error.message, `${host} answered 403: invalid_token`);
  });

  test('a name can be read as it is and is never read as markup, a mention or a block', () => {
    const plain = skeleton(render(hostileMessage('shop')));
    fc.assert(
      fc.property(hostileName, (name) => {
        const payload = render(hostileMessage(name));
        assert.deepEqual(skeleton(payload), plain);
        const texts = runs(payload).map((part) => part.text);
        assert(texts.includes(shown(name)), JSON.stringify(texts));
        assert(texts[0]?.includes(`permission denied for table ${shown(name)}!`.replace(/:?$/, '')), texts[0]);
        // What is read as mrkdwn: nothing that begins a link, a mention or an entity of its own.
        assert(!/[<>]|&(?!(?:amp|lt|gt);)/.test(payload.text), payload.text);
        const decoded = payload.text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
        assert.equal(decoded, texts[0]);
      }),
      { numRuns: 500 },
    );
  });

  test('the largest message is within the limits, also the one of all blocks that is not documented', () => {
    for (const character of growing) {
      const payload = render(longestMessage(character));
      // Escaped or not, whichever way Slack counts.
      const all = runs(payload).reduce((sum, { text: one }) => sum + one.replace(/[&<>]/g, '&amp;').length, 0);
      assert(all <= 12_500, `${character}: ${all}`);
      assert(runs(payload).length > 20, 'the facts are gone');
    }
  });
});
