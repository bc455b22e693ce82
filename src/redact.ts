import type { Secret } from './config/secret.ts';

/** Shorter values would blot out ordinary words; they protect nothing either. */
const shortestSecret = 3;

/**
 * A function that replaces every secret in a text by `***`, in each form in which it may turn up: as it is,
 * percent-encoded as in a URL, escaped as in JSON, and as base64; and the password of any URL at all.
 */
export function createRedactor(secrets: readonly Secret[]): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < shortestSecret) continue;
    forms.add(value);
    forms.add(encodeURIComponent(value));
    forms.add(encodeURI(value));
    forms.add(JSON.stringify(value).slice(1, -1));
    forms.add(JSON.stringify(encodeURI(value)).slice(1, -1));
    forms.add(Buffer.from(value).toString('base64'));
  }
  // Longest first: one secret may be part of another.
  const values = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let redacted = text;
    for (const value of values) redacted = redacted.replaceAll(value, '***');
    return redacted.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s@"]+@/gi, '$1***@');
  };
}
