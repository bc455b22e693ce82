import { createHash } from 'node:crypto';
import type { RetentionPolicy } from '../config/config.ts';
import type { LifecycleRule } from '../store/s3/lifecycle.ts';
import { type Tier, tiers, tierTag } from './tier.ts';

const dayMs = 86_400_000;

/** How the name of each of our rules begins. */
export const ruleIdStart = 'pg-offsite-';

/** What rules are made from. All of it is about the backups of one database. */
export interface LifecycleRequest {
  readonly policy: RetentionPolicy;
  /** The longest time from one backup to the next, in ms. */
  readonly intervalMs: number;
  /** How every key of the backups begins, from the root of the bucket, with its slash. */
  readonly prefix: string;
  /** Objects have their tier as a tag. */
  readonly byTag: boolean;
  /** Days that a version stays which was overwritten or deleted; 0 for no rule about versions. */
  readonly noncurrentDays: number;
  /** Days after which an upload is none that a run is still at. */
  readonly unfinishedDays: number;
}

/** How long backups stay. */
export interface Age {
  readonly tier: Tier;
  readonly days: number;
  /** The variable that asks for so many, as `KEEP_WEEKLY=4`. */
  readonly because: string;
}

/**
 * For how many days a backup of each tier must stay so that no rule of the bucket is quicker than retention would be,
 * which drops what stands for a period when the backup that opens the last one needed is made. A yearly backup also stands
 * for its month, and so on: none stays shorter than one of a lower tier. What counts backups counts the longest pause.
 */
export function agesOf(policy: RetentionPolicy, intervalMs: number): Age[] {
  const pause = intervalMs / dayMs;
  const spanOf = (count: number, periodDays: number): number =>
    Math.ceil(count * Math.max(periodDays, pause)) + Math.max(1, Math.ceil(pause));
  const asks: readonly (readonly [Tier, string, number | undefined, number])[] = [
    ['daily', 'KEEP_LAST', policy.last, 0],
    ['daily', 'KEEP_DAILY', policy.daily, 1],
    ['daily', 'KEEP_MINIMUM', policy.minimum, 0],
    ['weekly', 'KEEP_WEEKLY', policy.weekly, 7],
    ['monthly', 'KEEP_MONTHLY', policy.monthly, 31],
    ['yearly', 'KEEP_YEARLY', policy.yearly, 366],
  ];
  let [longest, because] = [0, ''];
  if (policy.withinMs !== undefined) {
    longest = Math.ceil(policy.withinMs / dayMs) + Math.max(1, Math.ceil(pause));
    because = 'KEEP_WITHIN';
  }
  const ages: Age[] = [];
  for (const tier of tiers.toReversed()) {
    for (const [of, name, count, periodDays] of asks) {
      if (of !== tier || count === undefined || spanOf(count, periodDays) <= longest) continue;
      [longest, because] = [spanOf(count, periodDays), `${name}=${count}`];
    }
    ages.push({ tier, days: longest, because });
  }
  return ages;
}

/**
 * The rules of a bucket's lifecycle under which the backups of a database go by themselves: one a tier where objects have
 * tags, else a single one with the longest age; and one that tidies up unfinished uploads and old versions. The form is
 * that of S3's PutBucketLifecycleConfiguration.
 */
export function lifecycleRules(request: LifecycleRequest): LifecycleRule[] {
  const { policy, intervalMs, prefix, byTag, noncurrentDays, unfinishedDays } = request;
  const ages = agesOf(policy, intervalMs);
  const name = (what: string): string => `${ruleIdStart}${what}-${placeName(prefix)}`;
  const expiring = byTag
    ? ages.map(({ tier, days }) => ({
        ID: name(tier),
        Status: 'Enabled' as const,
        Filter: { And: { Prefix: prefix, Tags: [{ Key: tierTag, Value: tier }] } },
        Expiration: { Days: days },
      }))
    : ages.slice(-1).map(({ days }) => ({
        ID: name('all'),
        Status: 'Enabled' as const,
        Filter: { Prefix: prefix },
        Expiration: { Days: days },
      }));
  const tidying: LifecycleRule = {
    ID: name('tidy'),
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: unfinishedDays },
    // S3 takes neither of these with tags, nor the second beside an age.
    ...(noncurrentDays > 0 && {
      NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays },
      Expiration: { ExpiredObjectDeleteMarker: true },
    }),
  };
  return [...expiring, tidying];
}

/** A name for the place that a rule is about, different for each: names of rules are short and plain. */
function placeName(prefix: string): string {
  const plain = prefix.replace(/\/$/, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return `${plain.slice(0, 100)}-${createHash('sha256').update(prefix).digest('hex').slice(0, 8)}`;
}
