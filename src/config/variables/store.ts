import { autoOr, boolean, duration, integer, oneOf, secretText, size, text } from '../kinds.ts';
import { variable } from '../variable.ts';

const MiB = 1024 ** 2;

/** Where backups are kept, and how to talk to it. */
export const storeVariables = {
  BACKUP_DESTINATION: variable(text, {
    words: 'Where backups are kept: a bucket with a prefix, or a folder (`file:///backups`).',
    example: 's3://my-backups/production',
    aliases: ['S3_DESTINATION', 'TARGET_BUCKET_URL', 'BACKUP_DIR'],
  }),
  S3_BUCKET: variable(text, {
    words: 'The bucket, in place of `BACKUP_DESTINATION`.',
    example: 'my-backups',
    aliases: ['BACKUP_BUCKET', 'S3_BUCKET_NAME', 'AWS_S3_BUCKET', 'AWS_S3_BUCKET_NAME'],
  }),
  S3_PREFIX: variable(text, {
    words: 'Folder inside the bucket.',
    example: 'production',
    aliases: ['BUCKET_SUBFOLDER', 'AWS_S3_PATH', 'BACKUP_FILE_PREFIX'],
  }),
  S3_ENDPOINT: variable(text, {
    words: 'Address of a store other than AWS.',
    example: 'https://0123456789abcdef.r2.cloudflarestorage.com',
    aliases: ['S3_ENDPOINT_URL', 'AWS_S3_ENDPOINT', 'AWS_ENDPOINT'],
    fallbacks: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
  }),
  S3_REGION: variable(text, {
    words: 'Default: what the endpoint says (`auto` for R2), else `us-east-1`.',
    example: 'eu-central-1',
    aliases: ['BACKUP_REGION', 'AWS_S3_REGION'],
    fallbacks: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  }),
  S3_ACCESS_KEY_ID: variable(secretText, {
    words: 'Access key. Without it: `AWS_ACCESS_KEY_ID`, else the credential chain of the AWS SDK (roles, profiles).',
    example: 'AKIAIOSFODNN7EXAMPLE',
    aliases: ['S3_ACCESS_KEY'],
    secret: true,
  }),
  S3_SECRET_ACCESS_KEY: variable(secretText, {
    words: 'Its secret.',
    example: 'the secret that belongs to the access key',
    aliases: ['S3_SECRET_KEY'],
    secret: true,
  }),
  S3_SESSION_TOKEN: variable(secretText, {
    words: 'Session token of temporary keys.',
    example: 'the token that came with the keys',
    secret: true,
  }),
  AWS_ACCESS_KEY_ID: variable(secretText, {
    words: 'The same under the names of the AWS SDK; used where `S3_ACCESS_KEY_ID` is not set.',
    example: 'AKIAIOSFODNN7EXAMPLE',
    aliases: ['AWS_ACCESS_KEY'],
    secret: true,
  }),
  AWS_SECRET_ACCESS_KEY: variable(secretText, {
    words: 'Its secret.',
    example: 'the secret that belongs to the access key',
    aliases: ['AWS_SECRET_KEY'],
    secret: true,
  }),
  AWS_SESSION_TOKEN: variable(secretText, {
    words: 'Session token of temporary keys.',
    example: 'the token that came with the keys',
    secret: true,
  }),
  S3_FORCE_PATH_STYLE: variable(boolean, {
    words:
      '`https://endpoint/bucket` in place of `https://bucket.endpoint`. Default: `true` with a custom endpoint, except for providers that refuse it.',
    example: 'true',
    aliases: ['AWS_S3_FORCE_PATH_STYLE', 'AWS_FORCE_PATH_STYLE'],
  }),
  S3_STORAGE_CLASS: variable(text, {
    words: 'Storage class of dumps.',
    example: 'STANDARD_IA',
    aliases: ['AWS_STORAGE_CLASS'],
  }),
  S3_SSE: variable(oneOf('AES256', 'aws:kms'), {
    words: 'Encryption by the store, on top of ours.',
    example: 'aws:kms',
  }),
  S3_SSE_KMS_KEY_ID: variable(text, {
    words: 'KMS key for `S3_SSE=aws:kms`.',
    example: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd',
  }),
  S3_TAGS: variable(boolean, {
    words: 'Tag every object with the tier of its backup, for lifecycle rules. R2, B2 and others know no tags.',
    example: 'on',
    default: 'false',
  }),
  S3_OBJECT_LOCK_MODE: variable(oneOf('GOVERNANCE', 'COMPLIANCE'), {
    words: 'Object Lock mode, together with `S3_OBJECT_LOCK_FOR`.',
    example: 'COMPLIANCE',
  }),
  S3_OBJECT_LOCK_FOR: variable(duration(60_000, 'd'), {
    words: 'How long an object can be neither changed nor deleted.',
    example: '30d',
  }),
  S3_PART_SIZE: variable(autoOr(size(5 * MiB, 5 * 1024 * MiB)), {
    words: 'Size of the parts of an upload; `auto` goes by the size of the database.',
    example: '32MiB',
    default: 'auto',
  }),
  S3_MAX_PARTS: variable(integer(1, 10_000), {
    words: 'Parts that the store allows in one upload. Lower by itself where the provider is known to allow fewer.',
    example: '1000',
    default: '10000',
  }),
  S3_UPLOAD_CONCURRENCY: variable(integer(1, 32), {
    words: 'Parts under way at once. Memory is this times the part size.',
    example: '2',
    default: '4',
  }),
  S3_CHECKSUMS: variable(oneOf('auto', 'required', 'supported'), {
    words: "The SDK's checksums: `auto` is `supported` on AWS and `required` elsewhere.",
    example: 'required',
    default: 'auto',
  }),
  S3_TIMEOUT: variable(duration(1), {
    words: 'A request on whose connection nothing moves for this long is tried again.',
    example: '60s',
    default: '60s',
  }),
  S3_RETRY_FOR: variable(duration(0), {
    words: 'How long a failing request is tried again; at most 30 s until the store has answered for the first time.',
    example: '10m',
    default: '10m',
  }),
};
