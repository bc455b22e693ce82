import type { Secret } from './config/secret.ts';

/** Shorter values would blot out ordinary words; they protect nothing either. */
const shortestSecret = 3;

/**
 * Whether a secret is so short or plain a word that ordinary texts hold it. It is masked there all the same, which makes
 * them hard to read: where it leaks, and where it does not, cannot be told apart.
 */
export function isOrdinaryWord(secret: Secret): boolean {
  return /^(?:.{1,7}|[a-z]{1,12})$/i.test(secret.reveal());
}

/**
 * A function that replaces every secret in a text by `***`, in each form in which it may turn up: as it is,
 * percent-encoded as in a URL or a form, escaped as in JSON (once, or again where JSON stands in JSON), in hexadecimal and
 * as base64, also in the middle of a longer text; and the password of any URL at all.
 */
export function createRedactor(secrets: readonly Secret[]): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length >= shortestSecret) for (const form of formsOf(value)) forms.add(form);
  }
  // Longest first: one secret may be part of another.
  const values = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let redacted = text;
    for (const value of values) redacted = redacted.replaceAll(value, '***');
    return redacted.includes('://') ? redacted.replaceAll(/[^\s"]+/g, withoutPassword) : redacted;
  };
}

/**
 * A word with the password of the first URL in it masked, up to the last @: people forget to encode the one in their
 * password. Word by word, and no single pattern for a whole text, over which that would take the square of its length.
 */
function withoutPassword(word: string): string {
  const end = word.lastIndexOf('@');
  const user = /[a-z0-9+.-]:\/\/[^:/@]*:/i.exec(word);
  if (!user) return word;
  const begin = user.index + user[0].length;
  return begin < end ? `${word.slice(0, begin)}***${word.slice(end)}` : word;
}

/**
 * A value as JSON, with its texts redacted before they are escaped: done to the finished JSON it could cut an escape
 * sequence, or take digits out of a number, and nobody could read it any more.
 */
export function redactJson(value: unknown, redact: (text: string) => string): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'string') return redact(part);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [redact(key), inner as unknown]));
  });
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const encoded = [
    component,
    strict,
    encodeURI(value.toWellFormed()),
    new URLSearchParams([['', value]]).toString().slice(1),
  ];
  const plain = [value, ...encoded, ...encoded.map(lowerPercent)];
  const escaped = plain.map(escape);
  return [...plain, ...escaped, ...escaped.map(escape), bytes.toString('hex'), ...base64Forms(bytes)];
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function lowerPercent(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

/** Base64 of the value on its own, and what is sure of it wherever it begins within a longer text, as in `user:password`. */
function base64Forms(bytes: Buffer): string[] {
  const forms = [bytes.toString('base64'), bytes.toString('base64url')];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The characters at either end also hold bits of the neighbours.
    const inner = text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
    if (inner.length >= 2 * shortestSecret) forms.push(inner);
  }
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}
