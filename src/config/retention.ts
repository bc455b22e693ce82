import type { RetentionPolicy } from './config.ts';
import type { ReadValues } from './environment.ts';

/** For how long every backup is kept, in ms. */
export function keptFor(retention: RetentionPolicy | undefined): number {
  return retention === undefined ? Number.POSITIVE_INFINITY : (retention.withinMs ?? 0);
}

/** Which backups are kept, or undefined where no rule is set: then nothing is ever removed. */
export function readRetention({ values, isSet }: ReadValues, timeZone: string): RetentionPolicy | undefined {
  // KEEP_MINIMUM alone only bounds the others.
  const rules = ['KEEP_LAST', 'KEEP_WITHIN', 'KEEP_DAILY', 'KEEP_WEEKLY', 'KEEP_MONTHLY', 'KEEP_YEARLY'] as const;
  if (!rules.some((name) => isSet(name))) return undefined;
  return {
    last: values.KEEP_LAST,
    withinMs: values.KEEP_WITHIN,
    daily: values.KEEP_DAILY,
    weekly: values.KEEP_WEEKLY,
    monthly: values.KEEP_MONTHLY,
    yearly: values.KEEP_YEARLY,
    minimum: values.KEEP_MINIMUM,
    timeZone,
  };
}
