import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant } from './contestants.ts';

/** A store that streams are put into. */
export interface UploadTarget {
  readonly id: string;
  readonly title: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Path of the authority's certificate where it is not one of the system's. */
  readonly certificate?: string | undefined;
  /** How pg-offsite is to have its parts checked; as on AWS, or as on other stores. */
  readonly checksums: 'required' | 'supported';
}

const aws = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';

/** The ways to put a stream of so many bytes there. What is not installed is left out. */
export function uploaders(target: UploadTarget, bytes: number, temporary: string): Contestant[] {
  const { id, endpoint, bucket, accessKeyId, secretAccessKey, certificate, checksums } = target;
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: temporary,
    TMPDIR: temporary,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(certificate !== undefined && { AWS_CA_BUNDLE: certificate, NODE_EXTRA_CA_CERTS: certificate }),
  };
  const shell = (name: string, title: string, script: string): Contestant => ({
    id: `${id}-${name}`,
    title: `${title}, ${target.title}`,
    program: 'bash',
    args: ['-euo', 'pipefail', '-c', `head -c ${bytes} /dev/zero | ${script}`],
    env,
    ours: false,
  });
  const amount = ['--gigabytes', String(bytes / 1e9)];
  const where = ['--endpoint', endpoint, '--bucket', bucket, '--checksums', checksums];
  const rclone = [
    // It cannot take what the others need.
    'env -u AWS_CA_BUNDLE',
    `RCLONE_CONFIG_S_TYPE=s3 RCLONE_CONFIG_S_PROVIDER=Other RCLONE_CONFIG_S_ENV_AUTH=true`,
    `RCLONE_CONFIG_S_REGION=us-east-1 RCLONE_CONFIG_S_ENDPOINT=${endpoint}`,
    `rclone ${certificate === undefined ? '' : `--ca-cert ${certificate}`} --config /dev/null rcat s:${bucket}/bench/rclone`,
  ].join(' ');
  return [
    {
      id: `${id}-ours`,
      title: `pg-offsite, ${target.title}`,
      program: process.execPath,
      args: ['--max-semi-space-size=2', join(import.meta.dirname, 'upload.ts'), ...amount, ...where],
      env,
      ours: true,
    },
    shell('aws', '`aws s3 cp -`', `${aws} --endpoint-url ${endpoint} s3 cp --quiet - s3://${bucket}/bench/aws`),
    ...(existsSync('/usr/bin/rclone') ? [shell('rclone', '`rclone rcat`', rclone)] : []),
  ];
}
