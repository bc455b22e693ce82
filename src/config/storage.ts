import { fileURLToPath } from 'node:url';
import type { DirectoryStoreConfig, S3StoreConfig, StoreConfig } from './config.ts';
import { readEndpoint } from './endpoint.ts';
import { type ReadValues, quote } from './environment.ts';
import type { Findings } from './findings.ts';
import { checkProvider, readPresets } from './provider.ts';
import type { Secret } from './secret.ts';
import { variableGroups, type VariableName } from './variables.ts';

const example = 'BACKUP_DESTINATION=s3://my-backups/production';

interface Place {
  readonly bucket: string;
  readonly prefix: string;
}

/** Where backups are kept; undefined after a problem. */
export function readStore(read: ReadValues, findings: Findings): StoreConfig | undefined {
  const { values, nameOf, isSet } = read;
  const destination = values.BACKUP_DESTINATION;
  if (destination === undefined) {
    if (values.S3_BUCKET !== undefined) {
      return readBucket(
        { bucket: values.S3_BUCKET, prefix: values.S3_PREFIX ?? '' },
        nameOf('S3_BUCKET'),
        read,
        findings,
      );
    }
    findings.missing(
      'BACKUP_DESTINATION',
      `neither BACKUP_DESTINATION nor S3_BUCKET is set; say where backups are kept, for example ${example}`,
    );
    return undefined;
  }
  for (const name of ['S3_BUCKET', 'S3_PREFIX'] as const) {
    if (isSet(name)) {
      findings.problem(
        `${nameOf('BACKUP_DESTINATION')} and ${nameOf(name)} are both set; keep one way of saying it, for example ${example}`,
      );
    }
  }
  if (/^file:/i.test(destination)) return readDirectory(destination, read, findings);
  const [, bucket, prefix = ''] = /^s3:\/\/([^/@?]+)(?:\/([^?]*))?$/i.exec(destination) ?? [];
  if (bucket === undefined) {
    // Not shown: somebody may have put keys into it.
    const advice = `${nameOf('BACKUP_DESTINATION')} is neither s3://bucket/prefix nor file:///folder`;
    const meant = meantBy(destination);
    findings.problem(`${advice}${meant === undefined ? `, for example ${example}` : `; did you mean ${meant}?`}`);
    return undefined;
  }
  return readBucket({ bucket, prefix }, nameOf('BACKUP_DESTINATION'), read, findings);
}

/** Only of what is plainly a folder, or a bucket and a prefix: anything else may hold a key. */
function meantBy(destination: string): string | undefined {
  if (/^(?:\/[a-z0-9._-]{1,20}){1,6}\/?$/.test(destination)) return `file://${destination}`;
  return /^[a-z0-9][a-z0-9.-]{1,19}(?:\/[a-z0-9._-]{1,20}){1,6}\/?$/.test(destination)
    ? `s3://${destination}`
    : undefined;
}

function readDirectory(destination: string, read: ReadValues, findings: Findings): DirectoryStoreConfig | undefined {
  const name = read.nameOf('BACKUP_DESTINATION');
  if (!/^file:\/\/\/[^?#]+$/i.test(destination)) {
    findings.problem(`${name}=${quote(destination)} is not an absolute folder, for example ${name}=file:///backups`);
    return undefined;
  }
  const idle = (Object.keys(variableGroups.store) as VariableName[])
    .filter((variable) => /^S3_(?!BUCKET|PREFIX)/.test(variable) && read.nameOf(variable).startsWith('S3_'))
    .filter((variable) => read.isSet(variable))
    .map((variable) => read.nameOf(variable));
  if (idle.length > 0) findings.warn(`${idle.join(', ')}: no effect, because ${name} is a folder`);
  try {
    return { kind: 'directory', path: fileURLToPath(destination).replace(/(.)\/+$/, '$1') };
  } catch {
    findings.problem(`${name}=${quote(destination)} is not a well-formed folder, for example ${name}=file:///backups`);
    return undefined;
  }
}

function readBucket(place: Place, name: string, read: ReadValues, findings: Findings): S3StoreConfig | undefined {
  const { values, nameOf } = read;
  const prefix = place.prefix.replace(/^\/+|\/+$/g, '');
  if (/^s3:\/\//i.test(place.bucket)) {
    findings.problem(`${name} is a URL where the name of a bucket belongs; set ${example} instead`);
    return undefined;
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(place.bucket)) {
    findings.problem(
      `${name} has ${quote(place.bucket)}, which is no name of a bucket; for example S3_BUCKET=my-backups`,
    );
    return undefined;
  }
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\\]|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(prefix)) {
    findings.problem(`the prefix ${quote(prefix)} has an empty or odd part; for example S3_PREFIX=production/shop`);
  }
  const endpoint = readEndpoint(values.S3_ENDPOINT, nameOf('S3_ENDPOINT'), place.bucket, findings);
  if (endpoint === undefined) return undefined;
  checkProvider(read, endpoint.provider, findings);
  const { S3_OBJECT_LOCK_MODE: mode, S3_OBJECT_LOCK_FOR: forMs } = values;
  return {
    kind: 's3',
    bucket: place.bucket,
    prefix,
    endpoint: endpoint.url,
    ...readPresets(read, endpoint, findings),
    ...readCredentials(read),
    storageClass: values.S3_STORAGE_CLASS?.toUpperCase(),
    sse: values.S3_SSE,
    sseKmsKeyId: values.S3_SSE_KMS_KEY_ID,
    tags: values.S3_TAGS,
    objectLock: mode === undefined || forMs === undefined ? undefined : { mode, forMs },
    partSize: values.S3_PART_SIZE,
    uploadConcurrency: values.S3_UPLOAD_CONCURRENCY,
    requestTimeoutMs: values.S3_TIMEOUT,
    retryForMs: values.S3_RETRY_FOR,
  };
}

type Credentials = Pick<S3StoreConfig, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>;

/** Never half of one set and half of the other: the AWS names may belong to the platform's own role. */
function readCredentials({ values, isSet }: ReadValues): Credentials {
  const own = isSet('S3_ACCESS_KEY_ID') || isSet('S3_SECRET_ACCESS_KEY');
  return own
    ? credentials(values.S3_ACCESS_KEY_ID, values.S3_SECRET_ACCESS_KEY, values.S3_SESSION_TOKEN)
    : credentials(values.AWS_ACCESS_KEY_ID, values.AWS_SECRET_ACCESS_KEY, values.AWS_SESSION_TOKEN);
}

function credentials(id: Secret | undefined, secret: Secret | undefined, token: Secret | undefined): Credentials {
  if (id === undefined || secret === undefined) {
    return { accessKeyId: undefined, secretAccessKey: undefined, sessionToken: undefined };
  }
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token };
}
