/** The beginning of a text, in at most so many bytes of UTF-8, with an ellipsis where something was cut off. */
export function cutEnd(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength('…');
  return room < 0 ? '' : `${wholeCharacters(Buffer.from(text).subarray(0, room))}…`;
}

/** The end of a text, in the same way. */
export function cutStart(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength('…');
  if (room <= 0) return '';
  return `…${wholeCharacters(Buffer.from(text).subarray(-room))}`;
}

/** Without the pieces of characters that were cut at either end. */
function wholeCharacters(bytes: Uint8Array): string {
  const isWithin = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
  let start = 0;
  while (isWithin(bytes[start])) start += 1;
  let end = bytes.length;
  let lead = end - 1;
  while (lead >= start && isWithin(bytes[lead])) lead -= 1;
  const first = bytes[lead] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (lead >= start && lead + length > end) end = lead;
  return Buffer.from(bytes.subarray(start, end)).toString('utf8');
}
