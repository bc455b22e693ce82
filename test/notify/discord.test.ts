import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { Secret } from '../../src/config/secret.ts';
import { discord, discordPayload } from '../../src/notify/discord.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import type { Message } from '../../src/notify/message.ts';
import { growing, hostileMessage, hostileName, longestMessage, shown } from './hostile.ts';
import { direct, receiver } from './sending.ts';
import { sampleFailure } from './sample-event.ts';

/** The part of Discord's documented format that is used, with its limits; nothing else may be there. */
const embedFormat = z.strictObject({
  color: z.int().min(0).max(0xff_ff_ff),
  description: z.string().min(1).max(4_096).optional(),
  fields: z
    .array(
      z.strictObject({ name: z.string().min(1).max(256), value: z.string().min(1).max(1_024), inline: z.boolean() }),
    )
    .max(25),
  footer: z.strictObject({ text: z.string().min(1).max(2_048) }),
});
const payloadFormat = z.strictObject({
  content: z.string().min(1).max(2_000),
  embeds: z.array(embedFormat).length(1),
  allowed_mentions: z.strictObject({ parse: z.array(z.never()).length(0) }),
});
type Payload = z.infer<typeof payloadFormat>;

const render = (message: Message): Payload => payloadFormat.parse(JSON.parse(JSON.stringify(discordPayload(message))));

/** Every text in which Discord reads Markdown. The footer is not one. */
const texts = ({ content, embeds }: Payload): string[] => [
  content,
  ...embeds.flatMap(({ description = '', fields }) => [
    description,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ]),
];

/** What people read: escapes are themselves, and of all markup there is bold at the beginning of a line. Fails on any other. */
function read(markdown: string): string {
  return markdown
    .split('\n')
    .map((line) => line.replace(/^\*\*([A-Za-z ]+)\*\*/, '$1'))
    .join('\n')
    .replace(
      /\\([!-/:-@[-`{-~])|([\\*_~|>#`[\]()<@:/])|^([-+])/gm,
      (_all, escaped: string | undefined, bare: string | undefined, item: string | undefined) => {
        if (escaped === undefined)
          assert.fail(`${bare ?? item ?? ''} is read as markup in ${JSON.stringify(markdown)}`);
        return escaped;
      },
    );
}

describe('Discord', () => {
  test('gets the headline as a message and the rest as an embed, and is asked to confirm', async () => {
    const { origin, received } = await receiver({ status: 200, text: '{"id":"1234567890123456789"}' });
    await using http = createHttpClient(direct, (same) => same);
    const channel = discord(new Secret(`${origin}/api/webhooks/1/x?thread_id=5`), 'failure', http);
    assert.equal(await channel.send(sampleFailure(), new AbortController().signal), '200 message 1234567890123456789');
    assert.equal(received[0]?.path, '/api/webhooks/1/x?thread_id=5&wait=true');
    const payload = payloadFormat.parse(JSON.parse(received[0].body));
    assert.match(read(payload.content), /^❌ shop: backup failed: .* \(exit 65\)\. Newest good backup: 1d 1m old\.$/);
    const [embed] = payload.embeds;
    assert.deepEqual(embed?.fields[0], { name: 'Database', value: 'shop', inline: true });
    assert.match(
      read(embed.description ?? ''),
      /^What to do GRANT pg_read_all_data TO backup;\n.*\nLast lines of the log\nINFO: backing up shop\nINFO: done$/s,
    );
  });

  test('a name can be read as it is and is never read as markup, a mention or a line', () => {
    const lines = (payload: Payload): number[] => texts(payload).map((one) => one.split('\n').length);
    const plain = lines(render(hostileMessage('shop')));
    fc.assert(
      fc.property(hostileName, (name) => {
        const payload = render(hostileMessage(name));
        assert.deepEqual(lines(payload), plain);
        const visible = texts(payload).map(read);
        assert(visible[0]?.includes(shown(name).slice(0, 60)), visible[0]);
        assert.equal(visible[visible.indexOf('Database') + 1], shown(name));
        assert(visible[1]?.includes(`GRANT SELECT ON ${shown(name)} TO backup`), visible[1]);
        assert(visible[1]?.includes(`pg_dump: error: ${shown(name)}`.trimEnd()), visible[1]);
      }),
      { numRuns: 500 },
    );
  });

  test('the largest message is within the limits, that of 6,000 characters for all of it included', () => {
    for (const character of growing) {
      const payload = render(longestMessage(character));
      const [embed] = payload.embeds;
      const all = [embed?.footer.text ?? '', ...texts(payload).slice(1)].reduce((sum, one) => sum + one.length, 0);
      assert(all <= 6_000, `${character}: ${all}`);
      assert((embed?.fields.length ?? 0) >= 8, 'the facts are gone');
    }
  });
});
