import { isLoopback } from './endpoint.ts';
import type { ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';
import { Secret } from './secret.ts';
import { variables, type VariableName } from './variables.ts';

/** A part of an address this long is not a word: where it stands alone in a log it must be masked as well. */
const shortestToken = 16;

/**
 * An address that may hold a secret, as in the URL of a webhook; undefined where it is not set, and after a problem. No
 * finding ever shows it.
 */
export function readWebUrl(
  name: VariableName,
  read: ReadValues,
  findings: Findings,
  protocols: readonly string[] = ['https:', 'http:'],
): Secret | undefined {
  const value = read.values[name];
  const text = value instanceof Secret ? value.reveal() : value;
  if (typeof text !== 'string') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === '') {
    const allowed = protocols.map((protocol) => `${protocol}//`).join(' or ');
    findings.problem(
      `${read.nameOf(name)} is not a URL that begins with ${allowed}, for example ${name}=${variables[name].example}`,
    );
    return undefined;
  }
  if (url.protocol === 'http:' && name !== 'PUSHGATEWAY_URL' && !isLoopback(url.hostname)) {
    findings.warn(`${read.nameOf(name)} begins with http://, so that whoever is on the way can read along`);
  }
  for (const token of [...url.pathname.split('/'), ...url.searchParams.values()]) {
    if (token.length >= shortestToken) findings.secret(new Secret(token));
  }
  // A password is one however short it is, and a server may repeat it as it is meant.
  if (url.password !== '') findings.secret(new Secret(decoded(url.password)));
  return new Secret(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign stands for itself
  }
}
