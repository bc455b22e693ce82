import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import type { S3StoreConfig } from '../../config/config.ts';
import { Failure } from '../../errors.ts';
import { RetryingClient, type Call } from './client.ts';
import { isNotImplemented, S3Error, toStoreFailure } from './errors.ts';

export type { LifecycleRule } from '@aws-sdk/client-s3';

/** An admin waits in front of it. */
const retryForMs = 30_000;

/** The rules by which a bucket removes objects itself. */
export interface BucketRules {
  readonly rules: readonly LifecycleRule[];
  /** A setting beside the rules, to be put back with them as it was. */
  readonly minimumSize?: TransitionDefaultMinimumObjectSize | undefined;
}

/** The lifecycle configuration of a bucket. Disposing closes its connections. */
export class BucketLifecycle implements Disposable {
  readonly #config: S3StoreConfig;
  readonly #client: RetryingClient;

  constructor(config: S3StoreConfig) {
    this.#config = config;
    // S3 demands a checksum of the rules; the SDK adds it whatever this says.
    this.#client = new RetryingClient(config, 'required');
  }

  /**
   * The rules that the bucket has; none at all is an empty list.
   * @throws {Failure} `config` where the store knows no such rules, else as a store does.
   */
  async read(signal: AbortSignal): Promise<BucketRules> {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: this.#config.bucket });
    try {
      const reply = await this.#client.send(command, this.#call(signal));
      return { rules: (reply.Rules ?? []).map(wellFormed), minimumSize: reply.TransitionDefaultMinimumObjectSize };
    } catch (error) {
      if (error instanceof S3Error && error.code === 'NoSuchLifecycleConfiguration') return { rules: [] };
      throw this.#told(error, 'could not read the lifecycle rules of', 's3:GetLifecycleConfiguration');
    }
  }

  /** Replaces all rules of the bucket. Throws as {@link BucketLifecycle.read} does. */
  async write({ rules, minimumSize }: BucketRules, signal: AbortSignal): Promise<void> {
    const command = new PutBucketLifecycleConfigurationCommand({
      Bucket: this.#config.bucket,
      LifecycleConfiguration: { Rules: [...rules] },
      ...(minimumSize && { TransitionDefaultMinimumObjectSize: minimumSize }),
    });
    try {
      await this.#client.send(command, this.#call(signal));
    } catch (error) {
      throw this.#told(error, 'could not put the lifecycle rules of', 's3:PutLifecycleConfiguration');
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #call(signal: AbortSignal): Call {
    return { signal, forMs: Math.min(this.#config.retryForMs, retryForMs) };
  }

  #told(error: unknown, what: string, permission: string): unknown {
    const { bucket } = this.#config;
    if (!(error instanceof S3Error)) return error;
    if (isNotImplemented(error) || error.status === 405) {
      return new Failure('config', `the store of ${bucket} takes no lifecycle rules, or not these (${error.message})`, {
        hint: 'Leave versions out with --noncurrent-days 0; else set them at the provider as shown without --apply, or let prune remove old backups.',
        cause: error,
      });
    }
    return toStoreFailure(error, { what: `${what} ${bucket}`, permission });
  }
}

/**
 * The rule with all its conditions inside `And`, where there are several. Gateways of Ceph give the prefix beside it, and
 * lose it when they get that back: then a rule about a folder would be about the whole bucket.
 */
function wellFormed(rule: LifecycleRule): LifecycleRule {
  const { Prefix: outer, Tag: tag, And: and, ...sizes } = rule.Filter ?? {};
  const Prefix = and?.Prefix ?? outer;
  const Tags = [...(and?.Tags ?? []), ...(tag ? [tag] : [])];
  const conditions = (Prefix === undefined ? 0 : 1) + Tags.length + Object.keys(sizes).length;
  if (!and && conditions < 2) return rule;
  const And = { ...sizes, ...and, ...(Prefix !== undefined && { Prefix }), ...(Tags.length > 0 && { Tags }) };
  return { ...rule, Filter: { And } };
}
