import type { KeyObject } from 'node:crypto';
import type { SigningConfig } from './config.ts';
import type { ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';
import { Secret } from './secret.ts';
import { KeyFault, parsePublicKeys, parseSigningKey, publicText } from './signing-keys.ts';

/**
 * Who signs, and whose signatures are believed. That the two belong together is checked here: a backup whose own signature
 * is not believed could not be restored with the same settings.
 */
export function readSigning({ values, nameOf }: ReadValues, findings: Findings): SigningConfig {
  const [signing, believed] = [nameOf('MANIFEST_SIGNING_KEY'), nameOf('MANIFEST_PUBLIC_KEY')];
  const { MANIFEST_SIGNING_KEY: secret, MANIFEST_PUBLIC_KEY: text } = values;
  const key = secret && parsed(() => parseSigningKey(secret.reveal()), signing, findings);
  const keys = text === undefined ? [] : (parsed(() => parsePublicKeys(text), believed, findings) ?? []);
  const publicKeys = [...new Set(keys.map(publicText))];
  const own = key && publicText(key);
  if (own !== undefined && publicKeys.length > 0 && !publicKeys.includes(own)) {
    findings.problem(
      `${signing} does not belong to ${believed}: what is signed would not be believed; add the public key ${own}`,
    );
  }
  return { key: key && findings.secret(asSecret(key)), publicKeys };
}

/**
 * For a command that makes backups: one that is not signed could not be read with the same settings.
 */
export function demandSigning({ isSet, nameOf }: ReadValues, findings: Findings): void {
  if (!isSet('MANIFEST_PUBLIC_KEY') || isSet('MANIFEST_SIGNING_KEY')) return;
  findings.problem(
    `${nameOf('MANIFEST_PUBLIC_KEY')} believes only signed backups, and MANIFEST_SIGNING_KEY is not set; set it, or take the public key out of this job`,
  );
}

function asSecret(key: KeyObject): Secret {
  return new Secret(key.export({ format: 'der', type: 'pkcs8' }).toString('base64'));
}

function parsed<T>(parse: () => T, name: string, findings: Findings): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    findings.problem(`${name} ${error.message}`);
    return undefined;
  }
}
