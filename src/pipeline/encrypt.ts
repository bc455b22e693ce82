import type { EncryptionConfig } from '../config/config.ts';
import { prepareAge } from './encrypt-age.ts';
import { prepareGpg, prepareGpgPassphrase } from './encrypt-gpg.ts';
import type { Encryption } from './encryption.ts';

/** What an artifact's name ends in for each kind of encryption. */
export const encryptionSuffix = { none: '', age: '.age', gpg: '.gpg', 'gpg-passphrase': '.gpg' } as const;

/**
 * Makes ready to encrypt and proves it on a few bytes, so that a recipient that cannot be used is found before anything
 * is dumped. The caller disposes of the result after the last artifact.
 * @throws {Failure} `config`, naming the recipient.
 */
export async function prepareEncryption(
  config: EncryptionConfig,
  searchPath: string,
  signal: AbortSignal,
): Promise<Encryption> {
  switch (config.kind) {
    case 'none':
      return { kind: 'none', recipients: [], stage: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
    case 'age':
      return prepareAge(config.recipients, searchPath, signal);
    case 'gpg':
      return prepareGpg(config.publicKeys, searchPath, signal);
    case 'gpg-passphrase':
      return prepareGpgPassphrase(config.passphrase, searchPath, signal);
  }
}
