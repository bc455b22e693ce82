import fc from 'fast-check';
import type { RunEvent } from '../../src/notify/event.ts';
import { describeEvent, type Message } from '../../src/notify/message.ts';
import { sampleFailure } from './sample-event.ts';

/** Names that try to break out of each channel's markup, or to call somebody. */
const nasty = [
  '<!channel>',
  '<!here|x>',
  '<@U012AB3CD>',
  '<https://evil.example|click>',
  '&lt;!channel&gt;',
  '*bold* _it_ ~no~ `code`',
  ':smile:',
  '@here',
  '@channel',
  '@everyone',
  '<@&123456789>',
  '<@123456789012345678>',
  '<#123>',
  '[click](https://evil.example)',
  '```\n@everyone',
  '**b** __u__ ||s||',
  '> quote',
  '-# small',
  '1. list',
  '<t:1:R>',
  'discord.gg/evil',
  '\\*\\',
  '\\',
  '<b>x</b>',
  '</code></pre><a href="tg://user?id=1">x</a>',
  '&amp;',
  '&#60;b&#62;',
  '<',
  '@admin_bot',
  '/stop@bot',
  '#tag',
  '$USD',
  'evil.example',
  'a@evil.example',
  'tg://resolve?domain=x',
  '<at>Everyone</at>',
  '{{DATE(2020-01-01T00:00:00Z,SHORT)}}',
  '{{{{',
  '${body}',
  '@{triggerBody()}',
  '- item\r- item',
  '","type":"x',
  '\u2028x',
  '\u202egnp',
  '\u0000',
  '\n✅ shop: backup stored',
  '\r\n\r\nBcc: x@y.z',
  '\ud83d',
  '👩‍👩‍👧',
  'müller',
  'постgres',
  '​zero​',
  'a"b\'c',
];

/** What means something in one markup or another. */
const markup = Array.from('<>&@#*_~`|[](){}\\/:.!-+$"\'\n\r\t ab1');

/** Whatever PostgreSQL lets a table be named, and what it does not. */
export const hostileName: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom(...nasty),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...markup), minLength: 1, maxLength: 30 }),
    fc.tuple(fc.constantFrom(...nasty), fc.constantFrom(...nasty)).map(([a, b]) => `${a}${b}`),
  )
  .map((name) => name.slice(0, 60));

/** A failure in which everything that others may name has this name. */
export function hostileEvent(name: string): RunEvent {
  return sampleFailure({
    database: name,
    location: `s3://backups/${name}`,
    failure: {
      kind: 'dump',
      message: `permission denied for table ${name}!`,
      hint: `GRANT SELECT ON ${name} TO backup`,
    },
    warnings: [`${name} is odd`],
    logTail: [`pg_dump: error: ${name}`],
    platformLogHint: `look at ${name}`,
    parts: [{ name, exitCode: 65, error: `no ${name}` }],
  });
}

/** The message of {@link hostileEvent}. */
export function hostileMessage(name: string): Message {
  return describeEvent(hostileEvent(name));
}

/**
 * The name as it must be read: itself, but with what cannot be seen, or is half a character, written out. Written
 * independently of the program, character by character.
 */
export function shown(name: string): string {
  return Array.from(name, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    if (code === 0x200c || code === 0x200d) return character;
    if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(character)) return character;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  }).join('');
}

/** A message in which everything is as long as it can be. */
export function longestMessage(character: string): Message {
  const long = character.repeat(5_000);
  const lines = Array.from({ length: 40 }, () => long);
  return describeEvent(
    sampleFailure({
      database: long,
      backupId: long,
      location: long,
      failure: { kind: long, message: lines.join('\n'), hint: long },
      newestGood: { id: long, startedAt: new Date('2026-11-19T02:00:00Z') },
      bytes: 1e15,
      previousBytes: 1,
      rows: 1e15,
      tables: 1e9,
      missedTicks: 1e9,
      warnings: lines,
      logTail: lines,
      platformLogHint: long,
      parts: lines.map((name) => ({ name, exitCode: 65, error: long })),
    }),
  );
}

/** What grows in one markup or another, in units of one and of two. */
export const growing = ['x', '<', '&', '*', '`', '@', '"', '\n', '\u202e', '{', '😀', 'é', '…', '\\'] as const;
