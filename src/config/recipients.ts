import { bech32 } from '@scure/base';
import type { Findings } from './findings.ts';

const example = 'AGE_RECIPIENTS=age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

/**
 * The age and SSH public keys of a text, where they stand between commas, spaces or line breaks. Comments of SSH keys
 * and lines that begin with `#` are left out. A key of a wrong form is a problem; it is shown only if it is no private key.
 */
export function readRecipients(text: string, name: string, findings: Findings): string[] {
  // An env file cannot hold a line break, so people write \n.
  const pieces = text.replaceAll('\\n', '\n').split(/[\n\r,]+/);
  const recipients: string[] = [];
  for (const piece of pieces) {
    const words = piece.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) continue;
    let afterSsh = false;
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index] ?? '';
      if (/^(?:ssh|ecdsa|sk)-/.test(word)) {
        const key = `${word} ${words[(index += 1)] ?? ''}`;
        recipients.push(key);
        report(checkSsh(key), name, recipients.length, findings);
        afterSsh = true;
      } else if (/^age/i.test(word) || !afterSsh) {
        recipients.push(word);
        report(checkAge(word), name, recipients.length, findings);
        afterSsh = false;
      }
    }
  }
  if (recipients.length === 0) findings.problem(`${name} holds no public key, for example ${example}`);
  return [...new Set(recipients)];
}

function report(fault: string | undefined, name: string, position: number, findings: Findings): void {
  if (fault !== undefined) findings.problem(`${name}: key ${position} ${fault}`);
}

/** What is wrong with an age public key, or undefined. */
function checkAge(key: string): string | undefined {
  if (/PRIVATE|SECRET/i.test(key)) {
    return `is a private key; put the public key here (age-keygen -y prints it), for example ${example}`;
  }
  if (key.startsWith('age1pq1')) return 'is a post-quantum key, which needs a newer age than this version uses';
  if (/^age1[a-z0-9]+1/.test(key))
    return 'belongs to an age plugin, and plugins are not supported; use age1... or SSH keys';
  if (!key.startsWith('age1')) return `is neither an age nor an SSH public key, for example ${example}`;
  try {
    const { prefix, words } = bech32.decode(key as `${string}1${string}`);
    if (prefix === 'age' && bech32.fromWords(words).length === 32) return undefined;
  } catch {
    // Told below: the library's own words would repeat the key.
  }
  return `is an age key with a mistyped or missing character; copy it again, for example ${example}`;
}

/** What is wrong with an SSH public key, or undefined. */
function checkSsh(key: string): string | undefined {
  const [type = '', body = ''] = key.split(' ');
  if (type !== 'ssh-ed25519' && type !== 'ssh-rsa') {
    return `is an SSH key of the type ${type}, which age cannot use; use ssh-ed25519 or ssh-rsa`;
  }
  const fields = /^[A-Za-z0-9+/]+={0,2}$/.test(body) ? sshFields(Buffer.from(body, 'base64')) : undefined;
  const whole = fields?.[0]?.toString('latin1') === type && fields.length === (type === 'ssh-rsa' ? 3 : 2);
  if (!whole || (type === 'ssh-ed25519' && fields[1]?.length !== 32)) {
    return 'is an SSH key that was cut or mistyped; copy the whole line of the .pub file';
  }
  // The modulus has a leading zero byte. age refuses anything shorter.
  if (type === 'ssh-rsa' && (fields[2]?.length ?? 0) < 256)
    return 'is an RSA key of less than 2048 bits, which age refuses';
  return undefined;
}

/** The length-prefixed fields of an SSH key (RFC 4253, section 6.6), or undefined when they do not fill it. */
function sshFields(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let offset = 0;
  while (offset < blob.length) {
    if (offset + 4 > blob.length) return undefined;
    const end = offset + 4 + blob.readUInt32BE(offset);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(offset + 4, end));
    offset = end;
  }
  return fields;
}
