import prettyBytes from 'pretty-bytes';
import type { S3Server } from '../support/s3-server.ts';

/** An object of the bucket as the demo shows it. */
export interface BucketEntry {
  /** Its name within the backup's folder. */
  readonly name: string;
  readonly size: string;
  readonly purpose: string;
}

const purposes: Readonly<Record<string, string>> = {
  SHA256SUMS: 'for `sha256sum -c`',
  'RESTORE.md': 'how to restore this very backup, with stock tools',
  'manifest.json': 'what it holds; written last: now the backup is complete',
};

/** Everything in the bucket, with what it is for. */
export function listBucket(s3: S3Server): BucketEntry[] {
  return [...s3.objects().values()].map((object) => {
    const name = object.key.slice(object.key.lastIndexOf('/') + 1);
    return { name, size: prettyBytes(object.bytes), purpose: purposes[name] ?? 'the dump, compressed and encrypted' };
  });
}

/** The text of the object whose name ends so. */
export function readFromBucket(s3: S3Server, name: string): string {
  const object = [...s3.objects().values()].find(({ key }) => key.endsWith(`/${name}`));
  if (object?.data === undefined) throw new Error(`there is no ${name} in the bucket`);
  return object.data.toString();
}
