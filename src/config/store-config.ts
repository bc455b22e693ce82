import type { ConditionalWrites, ProviderInUse } from '../store/s3/provider.ts';
import type { Secret } from './secret.ts';

/** A bucket and how to talk to it. */
export interface S3StoreConfig {
  readonly kind: 's3';
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** An http(s) URL, or undefined for AWS itself. */
  readonly endpoint: string | undefined;
  /** Whose store it is and what that decided, told by the address; undefined where the address could be anybody's. */
  readonly provider: ProviderInUse | undefined;
  readonly region: string;
  /** Both set, or both undefined: then the SDK's own credential chain is used. */
  readonly accessKeyId: Secret | undefined;
  readonly secretAccessKey: Secret | undefined;
  readonly sessionToken: Secret | undefined;
  readonly forcePathStyle: boolean;
  readonly storageClass: string | undefined;
  readonly sse: 'AES256' | 'aws:kms' | undefined;
  readonly sseKmsKeyId: string | undefined;
  /** Every object of a backup gets its tier as a tag: see src/retention/tier.ts. */
  readonly tags: boolean;
  readonly objectLock: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly forMs: number } | undefined;
  /** Bytes, or `auto`: sized from the expected size of the stream. */
  readonly partSize: 'auto' | number;
  readonly maxParts: number;
  readonly uploadConcurrency: number;
  readonly checksums: 'required' | 'supported';
  readonly conditionalWrites: ConditionalWrites;
  /** A request on whose connection nothing moves for this long is given up and tried again. */
  readonly requestTimeoutMs: number;
  /** A request is tried again, with growing pauses, until this long after its first try. */
  readonly retryForMs: number;
}

/** A directory as a store. */
export interface DirectoryStoreConfig {
  readonly kind: 'directory';
  /** Absolute path. */
  readonly path: string;
}

/** Where backups are kept. */
export type StoreConfig = S3StoreConfig | DirectoryStoreConfig;
