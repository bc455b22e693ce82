import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { startCeph } from './ceph.ts';

/** A real S3 store with the means to look into it. */
export interface TestS3 {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** For what the methods below do not offer. */
  readonly client: S3Client;
  /** The variables that make pg-offsite use a bucket of this store. */
  env(bucket: string): Record<string, string>;
  /** Creates a bucket; a name that no other test has when none is given. Resolves to the name. */
  createBucket(name?: string): Promise<string>;
  /** Every object of a bucket, in key order. */
  objects(bucket: string): Promise<{ key: string; bytes: number }[]>;
  /** The keys of all multipart uploads of a bucket that were begun and neither completed nor aborted. */
  openUploads(bucket: string): Promise<string[]>;
  /** One object's bytes. */
  read(bucket: string, key: string): Promise<Uint8Array>;
}

/**
 * The S3 gateway of this test run: the one that run.ts has started, else one of this test file's own, stopped after it.
 * Call it at the top level of a test file.
 */
export async function useS3(): Promise<TestS3> {
  const { TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY } = process.env;
  if (TEST_S3_ENDPOINT && TEST_S3_ACCESS_KEY && TEST_S3_SECRET_KEY)
    return s3At(TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY);
  const gateway = await startCeph();
  after(() => gateway.stop());
  return s3At(gateway.endpoint, gateway.accessKeyId, gateway.secretAccessKey);
}

/** The same for a gateway that the caller has started. */
export function s3At(endpoint: string, accessKeyId: string, secretAccessKey: string): TestS3 {
  const region = 'us-east-1';
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  return {
    endpoint,
    accessKeyId,
    secretAccessKey,
    region,
    client,
    env: (bucket) => ({
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    }),
    createBucket: async (name = `test-${randomBytes(6).toString('hex')}`) => {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    objects: async (bucket) => {
      const found: { key: string; bytes: number }[] = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket }))
        for (const object of page.Contents ?? []) found.push({ key: object.Key ?? '', bytes: object.Size ?? 0 });
      return found;
    },
    openUploads: async (bucket) => {
      const reply = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return (reply.Uploads ?? []).map((upload) => upload.Key ?? '');
    },
    read: async (bucket, key) => {
      const reply = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (!reply.Body) throw new Error(`no body for ${key}`);
      return reply.Body.transformToByteArray();
    },
  };
}
