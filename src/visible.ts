/* How text from elsewhere is shown, so that nothing in it can pass for a line or a colour of ours. */

/**
 * A text as one line in which nothing is hidden: line breaks, control characters, marks that turn the direction of
 * writing and other invisible ones become visible escapes such as `\n` and `\u202e`. Names of tables may hold any of
 * them, and a message must show one such name, not look like several lines of its own.
 */
export function oneLine(text: string): string {
  // Joiners (200c, 200d) belong to emoji and to some scripts. Surrogates left over were half a character.
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x200c || code === 0x200d) return character;
    const short = { 9: '\\t', 10: '\\n', 13: '\\r' }[code];
    return short ?? `\\u${code > 0xffff ? `{${code.toString(16)}}` : code.toString(16).padStart(4, '0')}`;
  });
}

/**
 * A text of several lines, or JSON, in which nothing moves a terminal's cursor or turns the direction of writing: what would
 * is escaped in a way that JSON knows, too.
 */
export function harmless(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
