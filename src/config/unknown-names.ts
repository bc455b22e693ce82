import { type Environment, knownNames } from './environment.ts';
import type { Findings } from './findings.ts';
import { likenessOf } from './near-name.ts';
import { type Asked, judgeOtherSetting } from './other-tools.ts';
import type { VariableName } from './variables.ts';

/** Warns about every name that looks like one of ours but is not read, and refuses those that would mislead a run. */
export function checkUnknownNames(env: Environment, asked: Asked, findings: Findings): void {
  const known = knownNames();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.trim() === '' || known.has(name)) continue;
    const other = judgeOtherSetting(name, value, asked);
    if (other?.verdict === 'refused') findings.problem(`${name} is not supported; ${other.words}`);
    else if (other?.verdict === 'idle') findings.warn(`${name} has no effect: ${other.words}`);
    else if (other === undefined) checkName(name, known, asked.encrypted, findings);
  }
}

const encryptionNames: readonly (VariableName | undefined)[] = ['AGE_RECIPIENTS', 'GPG_PUBLIC_KEYS', 'GPG_PASSPHRASE'];

function checkName(
  name: string,
  known: ReadonlyMap<string, VariableName>,
  encrypted: boolean,
  findings: Findings,
): void {
  const likeness = likenessOf(name, known);
  if (likeness === undefined) return;
  const { meant, meaning, isNear } = likeness;
  if (isNear && meaning !== undefined && findings.meant(meaning, name)) return;
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const words = `${name} is not a variable of this program and has no effect${hint}`;
  const meantEncryption = /^(?:AGE|GPG)_/.test(name) || (hint !== '' && encryptionNames.includes(meaning));
  // Somebody who meant to encrypt must not find out later that nothing was.
  if (meantEncryption && !encrypted) {
    const advice = 'set AGE_RECIPIENTS to encrypt, or remove this one to store backups unencrypted';
    findings.problem(`${words}${hint === '' ? ';' : ''} ${advice}`);
  } else {
    findings.warn(words);
  }
}
