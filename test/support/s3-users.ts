import { createHmac } from 'node:crypto';
import type { TestS3 } from './s3.ts';

/** A user of a store who may do nothing yet. */
export interface S3User {
  readonly name: string;
  /** As policies name it. */
  readonly principal: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Creates a user by the administration interface of Ceph's gateway. Its name must be new. */
export async function createS3User(s3: TestS3, name: string): Promise<S3User> {
  const [accessKeyId, secretAccessKey] = [`${name}-key`, `${name}-secret`];
  const query = new URLSearchParams({
    uid: name,
    'display-name': name,
    'access-key': accessKeyId,
    'secret-key': secretAccessKey,
    format: 'json',
  });
  const date = new Date().toUTCString();
  const signature = createHmac('sha1', s3.secretAccessKey).update(`PUT\n\n\n\nx-amz-date:${date}\n/admin/user`);
  const reply = await fetch(`${s3.endpoint}/admin/user?${query.toString()}`, {
    method: 'PUT',
    headers: { 'x-amz-date': date, authorization: `AWS ${s3.accessKeyId}:${signature.digest('base64')}` },
  });
  if (!reply.ok) throw new Error(`user ${name} was not created: ${String(reply.status)} ${await reply.text()}`);
  return { name, principal: `arn:aws:iam:::user/${name}`, accessKeyId, secretAccessKey };
}
