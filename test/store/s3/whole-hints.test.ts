import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FailureContext, S3Error, type S3Trouble, toStoreFailure } from '../../../src/store/s3/errors.ts';
import { Failure, type FailureKind } from '../../../src/errors.ts';

/* What each answer of a store is told as, to the last word. */

const context: FailureContext = { what: 'could not store s3://b/k', permission: 's3:PutObject' };
const lockHint =
  'Object Lock is not on for this bucket, or the store has none. Turn it on, or remove S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_FOR.';

const answers: readonly [
  trouble: Partial<S3Trouble>,
  kind: FailureKind,
  message: string,
  hint: string | undefined,
  more?: Partial<FailureContext>,
][] = [
  [{ status: 500, code: 'InternalError' }, 'store', 'server answered 500 InternalError', undefined],
  [
    { status: 400, code: 'Odd', text: 'no\n such thing' },
    'store',
    'server answered 400 Odd (no such thing)',
    undefined,
  ],
  [{ code: 'EODD' }, 'store', 'no answer (EODD)', 'Check S3_ENDPOINT, and the network between here and there.'],
  [
    { status: 307, code: 'TemporaryRedirect' },
    'config',
    'server answered 307 TemporaryRedirect',
    'Set S3_REGION to the region that the bucket is in.',
  ],
  [
    { status: 301, code: 'PermanentRedirect', region: 'eu-west-3' },
    'config',
    'server answered 301 PermanentRedirect',
    'Set S3_REGION to eu-west-3.',
  ],
  [
    { status: 403, code: 'RequestTimeTooSkewed' },
    'store',
    'server answered 403 RequestTimeTooSkewed',
    'Correct the clock of this machine.',
  ],
  [
    { code: 'CredentialsProviderError' },
    'denied',
    'no credentials were found',
    'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or run where the platform gives credentials.',
  ],
  [
    { status: 403, code: 'SignatureDoesNotMatch' },
    'denied',
    'server answered 403 SignatureDoesNotMatch',
    'Check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in their place, and that they belong to S3_ENDPOINT.',
  ],
  [
    { status: 404, code: 'NoSuchBucket' },
    'config',
    'server answered 404 NoSuchBucket',
    'Create the bucket, or correct its name (in BACKUP_DESTINATION or S3_BUCKET) or S3_ENDPOINT.',
  ],
  [
    { status: 403, code: 'AccessDenied' },
    'denied',
    'server answered 403 AccessDenied',
    'The credentials need the permission s3:PutObject on this key.',
  ],
  [
    { status: 501, code: 'NotImplemented', text: 'x-amz-checksum-crc32 is not supported' },
    'config',
    'server answered 501 NotImplemented',
    'This store does not know these checksum headers. Set S3_CHECKSUMS=required.',
  ],
  [
    { status: 400, code: 'InvalidRequest', text: 'Content-MD5 is required' },
    'config',
    'server answered 400 InvalidRequest (Content-MD5 is required)',
    'The bucket demands checksums (Object Lock does). Set S3_CHECKSUMS=supported.',
  ],
  [
    { status: 501, code: 'NotImplemented' },
    'config',
    'server answered 501 NotImplemented',
    'This store takes no tags of objects, or not these. Leave S3_TAGS off.',
    { tagged: true },
  ],
  [{ status: 501, code: 'NotImplemented' }, 'config', 'server answered 501 NotImplemented', lockHint, { locked: true }],
];

describe('an answer of the store', () => {
  for (const [trouble, kind, message, hint, more] of answers) {
    it(`${trouble.status ?? ''} ${trouble.code ?? ''} ${Object.keys(more ?? {}).join()}`, () => {
      const whole: S3Trouble = { status: undefined, code: '', text: '', region: undefined, ...trouble };
      const failure = toStoreFailure(new S3Error(whole, { attempts: 1, elapsedMs: 0 }, undefined), {
        ...context,
        ...more,
      });
      assert.ok(failure instanceof Failure);
      assert.deepEqual(
        [failure.kind, failure.message, failure.hint],
        [kind, `could not store s3://b/k: ${message}`, hint],
      );
    });
  }
});
