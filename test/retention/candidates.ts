import * as fc from 'fast-check';
import type { RetentionPolicy } from '../../src/config/config.ts';
import { newBackupId, timeOfId } from '../../src/catalog/ids.ts';
import type { Candidate } from '../../src/retention/rules.ts';

const dayMs = 86_400_000;

/** A policy that keeps nothing by itself, with some rules. */
export function policyOf(rules: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return {
    last: undefined,
    withinMs: undefined,
    daily: undefined,
    weekly: undefined,
    monthly: undefined,
    yearly: undefined,
    minimum: 1,
    timeZone: 'UTC',
    ...rules,
  };
}

/** A backup begun at a time, stored a minute later. */
export function candidate(time: string | Date, changes: Partial<Candidate> = {}): Candidate {
  const id = newBackupId(new Date(time));
  const startedAt = timeOfId(id)!;
  return { id, startedAt, storedAt: new Date(startedAt.getTime() + 60_000), proved: false, ...changes };
}

/** The days in arithmetic that tests speak in. */
export function daysAfter(start: string, days: number): Date {
  return new Date(Date.parse(start) + Math.round(days * dayMs));
}

/** The newest instant that random backups are of; clocks in tests stand an hour later. */
export const end = '2026-11-20T12:00:00Z';

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Asia/Kolkata', 'America/St_Johns'];
const count = fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined });

/** Any policy. */
export const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record({
  last: count,
  withinMs: fc.option(
    fc.integer({ min: 1, max: 800 }).map((days) => days * dayMs),
    { nil: undefined },
  ),
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
  minimum: fc.integer({ min: 1, max: 6 }),
  timeZone: fc.constantFrom(...zones),
});

/** How long ago backups are: often some on one day, sometimes years apart. */
const age = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.nat(120), fc.integer({ min: 0, max: 86_399 })) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(2500), fc.integer({ min: 0, max: 86_399 })) },
);

/** Any catalog of backups whose clocks agree; `proved` is the chance in ten that one is proved. */
export function anyCatalog(proved: number): fc.Arbitrary<Candidate[]> {
  const one = fc.tuple(age, fc.nat(9), fc.stringMatching(/^[0-9a-z]{6}$/)).map(([[days, seconds], chance, suffix]) => {
    const time = new Date(Math.floor((Date.parse(end) - days * dayMs) / 1000) * 1000 - seconds * 1000);
    const id = `${newBackupId(time).slice(0, -6)}${suffix}`;
    return { id, startedAt: time, storedAt: time, proved: chance < proved };
  });
  return fc.uniqueArray(one, { maxLength: 90, selector: ({ id }) => id });
}
