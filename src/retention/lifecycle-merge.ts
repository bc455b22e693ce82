import type { LifecycleRule } from '../store/s3/lifecycle.ts';
import { ruleIdStart } from './lifecycle.ts';

/** What putting rules into a bucket comes to. */
export interface Merge {
  /** All rules that the bucket is to have: those of others first, as they are. */
  readonly rules: readonly LifecycleRule[];
  readonly added: readonly LifecycleRule[];
  readonly changed: readonly { readonly from: LifecycleRule; readonly to: LifecycleRule }[];
  readonly removed: readonly LifecycleRule[];
  readonly unchanged: readonly LifecycleRule[];
  /** Not about this prefix, or not ours. */
  readonly others: readonly LifecycleRule[];
}

/**
 * Joins our rules about a prefix with those that a bucket has. Rules of ours about the same prefix are replaced, known by
 * how their names begin; every other stays as it is.
 */
export function mergeRules(existing: readonly LifecycleRule[], ours: readonly LifecycleRule[], prefix: string): Merge {
  const isReplaced = (rule: LifecycleRule): boolean =>
    (rule.ID ?? '').startsWith(ruleIdStart) && scopeOf(rule).prefix === prefix;
  const others = existing.filter((rule) => !isReplaced(rule));
  const before = new Map(existing.filter(isReplaced).map((rule) => [rule.ID, rule]));
  const pairs = ours.map((to) => ({ from: before.get(to.ID), to }));
  return {
    rules: [...others, ...ours],
    added: pairs.filter(({ from }) => !from).map(({ to }) => to),
    changed: pairs.flatMap(({ from, to }) => (from && !isSameRule(from, to) ? [{ from, to }] : [])),
    removed: [...before.values()].filter(({ ID }) => !ours.some((rule) => rule.ID === ID)),
    unchanged: pairs.filter(({ from, to }) => from && isSameRule(from, to)).map(({ to }) => to),
    others,
  };
}

/** Whether two lists hold the same rules; stores give them back in an order, and written in a way, of their own. */
export function areSameRules(some: readonly LifecycleRule[], others: readonly LifecycleRule[]): boolean {
  const written = (rules: readonly LifecycleRule[]): string => rules.map(canonical).sort().join('\n');
  return written(some) === written(others);
}

/** Rules of others under which objects of this prefix go, too, sooner than after so many days. */
export function quickerRules(others: readonly LifecycleRule[], prefix: string, days: number): LifecycleRule[] {
  return others.filter((rule) => {
    const { prefix: theirs, tags } = scopeOf(rule);
    const reaches = prefix.startsWith(theirs) || theirs.startsWith(prefix);
    const { Days = Infinity, Date: date } = rule.Expiration ?? {};
    return rule.Status === 'Enabled' && tags.length === 0 && reaches && (Days < days || date !== undefined);
  });
}

/** A rule in words: what it is about, and what happens to that. */
export function describeRule(rule: LifecycleRule): string {
  const { prefix, tags } = scopeOf(rule);
  const {
    Expiration: expiration,
    NoncurrentVersionExpiration: versions,
    AbortIncompleteMultipartUpload: uploads,
  } = rule;
  const parts = [
    expiration?.Days === undefined ? '' : `objects go after ${String(expiration.Days)} days`,
    expiration?.Date === undefined ? '' : `objects go on ${expiration.Date.toISOString().slice(0, 10)}`,
    versions?.NoncurrentDays === undefined ? '' : `old versions after ${String(versions.NoncurrentDays)} days`,
    expiration?.ExpiredObjectDeleteMarker === true ? 'delete markers of nothing at once' : '',
    uploads?.DaysAfterInitiation === undefined
      ? ''
      : `unfinished uploads after ${String(uploads.DaysAfterInitiation)} days`,
  ];
  const about = [prefix === '' ? 'everything' : prefix, ...tags.map(({ Key, Value }) => `${Key ?? ''}=${Value ?? ''}`)];
  const told = parts.filter((part) => part !== '').join(', ') || 'something else';
  return `${about.join(' ')}: ${told}${rule.Status === 'Enabled' ? '' : ' (off)'}`;
}

function scopeOf(rule: LifecycleRule): Scope {
  const { Filter } = rule;
  const { Prefix } = rule as OldRule;
  return {
    prefix: Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '',
    tags: [...(Filter?.And?.Tags ?? []), ...(Filter?.Tag ? [Filter.Tag] : [])],
  };
}

/** How rules were written before there were filters, and by old tools still. */
type OldRule = Omit<LifecycleRule, 'Prefix'> & { readonly Prefix?: string | undefined };

interface Scope {
  readonly prefix: string;
  readonly tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[];
}

function isSameRule(one: LifecycleRule, other: LifecycleRule): boolean {
  return canonical(one) === canonical(other);
}

/** One way of writing a rule for all ways of saying the same. */
function canonical(rule: LifecycleRule): string {
  const { Filter, Prefix: _, ...rest }: OldRule = rule;
  const { And, Prefix: __, Tag: ___, ...filters } = Filter ?? {};
  const { Prefix: ____, Tags: _____, ...joined } = And ?? {};
  const { prefix, tags } = scopeOf(rule);
  const named = tags.map(({ Key, Value }) => `${String(Key)}=${String(Value)}`).sort();
  return sorted({ ...rest, scope: { prefix, tags: named, ...filters, ...joined } });
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
