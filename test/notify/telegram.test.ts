import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { Secret } from '../../src/config/secret.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import type { Message } from '../../src/notify/message.ts';
import { telegram, telegramPayload } from '../../src/notify/telegram.ts';
import { growing, hostileMessage, hostileName, longestMessage, shown } from './hostile.ts';
import { direct, failure, receiver } from './sending.ts';
import { sampleFailure } from './sample-event.ts';

const token = '123456789:canary-AAEhBOweik9ai2o01i1lvjEsd3KKUq';

/** The part of the documented parameters of sendMessage that is used; nothing else may be there. */
const payloadFormat = z.strictObject({
  text: z.string().min(1),
  parse_mode: z.literal('HTML'),
  link_preview_options: z.strictObject({ is_disabled: z.literal(true) }),
});

interface Part {
  readonly tag: string;
  readonly text: string;
}

/** Reads Telegram's HTML as documented: tags of ours, not nested; three entities; everything else is text. Fails on any other. */
function parse(html: string): Part[] {
  const parts: Part[] = [];
  let open = '';
  for (const [token, tag] of html.matchAll(/<([^>]*)>|[^<]+/g)) {
    if (tag === undefined) {
      assert(!/>|&(?!(?:amp|lt|gt);)/.test(token), token);
      const text = token.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
      parts.push({ tag: open, text });
    } else if (open === '') {
      assert(['b', 'code', 'pre'].includes(tag), tag);
      open = tag;
    } else {
      assert.equal(tag, `/${open}`);
      open = '';
    }
  }
  assert.equal(open, '');
  assert.equal(html.replaceAll(/<[^>]*>/g, '').includes('<'), false);
  return parts;
}

const render = (message: Message): Part[] => parse(payloadFormat.parse(telegramPayload(message)).text);
const visible = (parts: readonly Part[]): string => parts.map(({ text }) => text).join('');

describe('Telegram', () => {
  test('gets the message by its bot, for its chat', async () => {
    const { origin, received } = await receiver({ status: 200, text: '{"ok":true,"result":{"message_id":42}}' });
    await using http = createHttpClient(direct, (same) => same);
    const channel = telegram({ apiUrl: `${origin}/`, token: new Secret(token), chatId: '-100123' }, 'failure', http);
    assert.equal(await channel.send(sampleFailure(), new AbortController().signal), '200 message 42');
    assert.equal(received[0]?.path, `/bot${token}/sendMessage`);
    const { chat_id: chat, ...rest } = JSON.parse(received[0].body) as Record<string, unknown>;
    assert.equal(chat, '-100123');
    const text = visible(parse(payloadFormat.parse(rest).text));
    assert.match(text, /^❌ shop: backup failed: .* \(exit 65\)\. Newest good backup: 1d 1m old\.\n\nDatabase: shop\n/);
    assert.match(text, /What to do: GRANT pg_read_all_data TO backup;/);
    assert.match(text, /Last lines of the log\nINFO: backing up shop\nINFO: done\n/);
  });

  test('says why it refused, without the token', async () => {
    const { origin, host } = await receiver((response, { path }) =>
      response.writeHead(400).end(JSON.stringify({ ok: false, description: 'Bad Request: chat not found', path })),
    );
    await using http = createHttpClient(direct, (same) => same);
    const channel = telegram({ apiUrl: origin, token: new Secret(token), chatId: '1' }, 'failure', http);
    const error = await failure(channel.send(sampleFailure(), new AbortController().signal));
    assert(error.message.startsWith(`${host} answered 400: {"ok":false,"description":"Bad Request: chat not found"`));
    assert(!error.message.includes('canary'), error.message);
  });

  test('a name can be read as it is and is never read as markup, a mention, a command or a link', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const parts = render(hostileMessage(name));
        const text = visible(parts);
        assert(text.includes(`permission denied for table ${shown(name)}!`), text);
        assert(text.includes(`Database: ${shown(name)}\n`), text);
        assert(text.includes(`pg_dump: error: ${shown(name)}`.trimEnd()), text);
        // Telegram looks for these by itself, except in code.
        for (const { tag, text: part } of parts) {
          if (tag !== '' && tag !== 'b') continue;
          assert(!/[@#$/]\S|\S[@/]|[^\s.]\.[^\s.]/.test(part), JSON.stringify(part));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('has as many lines whatever the name', () => {
    const lines = (name: string): number => visible(render(hostileMessage(name))).split('\n').length;
    fc.assert(fc.property(hostileName, (name) => assert.equal(lines(name), lines('shop'))));
  });

  test('the largest message is within the limit of 4,096 characters that can be seen', () => {
    for (const character of growing) {
      const text = visible(render(longestMessage(character)));
      assert(text.length <= 4_096 && text.length > 300, `${character}: ${text.length}`);
    }
  });
});
