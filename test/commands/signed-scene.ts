import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';
import { type Backup, type Stored, useStored } from './stored.ts';

const pem = (key: KeyObject): string =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();
const [own, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];

/** The variables of who makes backups. */
export const signing = { MANIFEST_SIGNING_KEY: pem(own.privateKey), MANIFEST_PUBLIC_KEY: pem(own.publicKey) };
/** The variables of who believes only those. */
export const believing = { MANIFEST_PUBLIC_KEY: pem(own.publicKey) };
/** The public key of somebody else. */
export const anotherPublicKey = pem(other.publicKey);

/** A signature as it is stored, made by somebody else. */
export function signedByAnother(content: Buffer): string {
  return sign(null, content, other.privateKey).toString('base64');
}

/** Where each backup of {@link useSigned} is: two archives and a script of the database `shop`, and an archive of `crm`. */
export const [older, ofOther, newer, plain] = [0, 1, 2, 3] as const;

/** Sets the scene: call it at the top level of a test file. */
export function useSigned(): Stored {
  return useStored(
    async (postgres) => {
      await postgres.createDatabase('shop');
      await postgres.psql('create table t as select generate_series(1, 1000) as n', 'shop');
      await postgres.createDatabase('crm');
      await postgres.psql('create table u as select generate_series(1, 500) as n', 'crm');
    },
    [
      { database: 'shop', variables: signing },
      { database: 'crm', variables: signing },
      { database: 'shop', variables: signing },
      { database: 'shop', variables: { ...signing, BACKUP_FORMAT: 'plain' } },
    ],
  );
}

/** The path of a backup's manifest. */
export const manifestOf = ({ folder }: Backup): string => join(folder, 'manifest.json');
/** The path of its signature. */
export const signatureOf = (backup: Backup): string => `${manifestOf(backup)}.sig`;
