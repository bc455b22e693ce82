import type { EncryptionConfig, KeysConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { namelessFile, namelessPath } from './nameless-file.ts';
import { findProgram } from './programs.ts';
import { publicKeysOf } from './public-keys.ts';
import { makeScratch } from './scratch.ts';
import { tryStage } from './try-stage.ts';

/**
 * Refuses private keys of which none belongs to the public keys that a backup was encrypted to, before anything of it is
 * read. Does nothing where that cannot be told; decrypting will.
 * @param recipients as the manifest lists them.
 * @throws {Failure} `config` naming the public keys.
 */
export async function refuseWrongKey(
  kind: EncryptionConfig['kind'],
  keys: KeysConfig,
  recipients: readonly string[],
  searchPath: string,
  signal: AbortSignal,
): Promise<void> {
  const isAge = kind === 'age';
  if (recipients.length === 0 || (!isAge && kind !== 'gpg')) return;
  const own = isAge
    ? keys.ageIdentity && publicKeysOf(keys.ageIdentity.reveal())
    : keys.gpgPrivateKey && (await fingerprintsOf(keys.gpgPrivateKey.reveal(), searchPath, signal));
  if (own === undefined || own.length === 0) return;
  if (!isAge && recipients.some((recipient) => !/^[0-9A-F]{40,}$/.test(recipient))) return;
  if (recipients.some((recipient) => own.includes(recipient))) return;
  throw new Failure('config', `${isAge ? 'AGE_IDENTITY' : 'GPG_PRIVATE_KEY'} does not decrypt this backup`, {
    hint: `It was encrypted to ${recipients.join(', ')}; use the private key of ${recipients.length === 1 ? 'that' : 'one of them'}, not of ${own[0] ?? ''}.`,
  });
}

/** Of the primary keys and their subkeys; undefined where gpg cannot read the block, which importing it will tell. */
async function fingerprintsOf(key: string, searchPath: string, signal: AbortSignal): Promise<string[] | undefined> {
  const program = await findProgram('gpg', searchPath);
  await using home = await makeScratch();
  await using file = await namelessFile(`${key}\n`);
  const args = ['--batch', '--no-tty', '--no-options', '--no-autostart', '--with-colons', '--show-keys', namelessPath];
  const env = { PATH: searchPath, GNUPGHOME: home.path, LC_ALL: 'C' };
  const complain = (): { message: string; hint: string } => ({ message: 'gpg cannot show the key', hint: '' });
  const listing = await tryStage({ name: 'gpg', program, args, env, descriptor3: file }, signal, complain).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      return '';
    },
  );
  return [...listing.matchAll(/^fpr:+([0-9A-F]+):/gm)].map(([, fingerprint = '']) => fingerprint);
}
