import { bech32 } from '@scure/base';
import type { Findings } from './findings.ts';
import type { Secret } from './secret.ts';

/**
 * Finds private keys of age that cannot be right, whatever a backup was encrypted to: age would only say that none of
 * them fits. Comments and line breaks of a key file are fine; keys of SSH and of plugins are left to age. Shows no key.
 */
export function checkAgeIdentity(identity: Secret | undefined, name: string, findings: Findings): void {
  const fault = identity && faultOf(identity.reveal().trim());
  if (fault !== undefined) findings.problem(`${name} ${fault}`);
}

function faultOf(text: string): string | undefined {
  if (/^["']/.test(text)) return 'begins with a quote; env files need none';
  if (/^(?:~|\.{1,2})?\//.test(text)) return 'holds a path where the key belongs; set AGE_IDENTITY_FILE to the path';
  if (text.includes('-----BEGIN')) return undefined;
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.some((key) => /^(?:age1|ssh-)/.test(key))) {
    return 'holds a public key; the private one begins with AGE-SECRET-KEY-1 and stands in the file that age-keygen wrote';
  }
  if (keys.some((key) => /^AGE-SECRET-KEY-1/i.test(key) && !isWhole(key))) {
    return 'holds a key that is cut short or mistyped; copy the whole line that begins with AGE-SECRET-KEY-1';
  }
  if (keys.length > 0 && keys.some((key) => key.startsWith('AGE-') || key.startsWith('age-encryption.org/'))) {
    return undefined;
  }
  return 'holds no private key; one of age begins with AGE-SECRET-KEY-1, one of SSH with -----BEGIN';
}

/** age itself reads none in small letters. */
function isWhole(key: string): boolean {
  try {
    const { prefix, words } = bech32.decode(key.toLowerCase() as `${string}1${string}`);
    return prefix === 'age-secret-key-' && bech32.fromWords(words).length === 32 && key === key.toUpperCase();
  } catch {
    return false;
  }
}
