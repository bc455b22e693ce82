import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { TestPostgres } from '../test/support/postgres.ts';
import { runCommand } from '../test/support/run-command.ts';
import type { TestS3 } from '../test/support/s3.ts';

/** Where ways are measured: the database, the bucket and a folder for temporary files that is watched. */
export interface Place {
  readonly server: TestPostgres;
  readonly databaseUrl: string;
  readonly s3: TestS3;
  readonly bucket: string;
  readonly temporary: string;
  /** A public key of age. */
  readonly recipient: string;
  /** Its private key. */
  readonly identity: string;
}

/** Makes a bucket, a folder and a pair of keys. */
export async function makePlace(
  parts: Pick<Place, 'server' | 'databaseUrl' | 's3'> & { readonly folder: string },
): Promise<Place> {
  const { folder, ...given } = parts;
  const bucket = await given.s3.createBucket();
  const temporary = join(folder, bucket);
  mkdirSync(temporary);
  const keys = await runCommand('age-keygen', []);
  const recipient = /age1\w+/.exec(keys)?.[0] ?? '';
  const identity = /AGE-SECRET-KEY-1\w+/.exec(keys)?.[0] ?? '';
  return { ...given, bucket, temporary, recipient, identity };
}

/** How many bytes one way has stored. */
export async function storedBytes({ s3, bucket }: Place, id: string): Promise<number> {
  const objects = await s3.objects(bucket);
  return objects.filter(({ key }) => key.startsWith(`${id}/`)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Removes what one way has stored. */
export async function removeStored({ s3, bucket }: Place, id: string): Promise<void> {
  for (const { key } of await s3.objects(bucket))
    if (key.startsWith(`${id}/`)) await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}
