import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../src/catalog/entries.ts';
import { policyWords, renderPlan } from '../../src/retention/calendar.ts';
import { planRetention } from '../../src/retention/plan.ts';
import type { StoredBackup } from '../../src/retention/survey.ts';
import { candidate, policyOf } from './candidates.ts';

const now = new Date('2026-04-03T12:00:00Z');
const policy = policyOf({ daily: 3, weekly: 1, monthly: 3, timeZone: 'Europe/Berlin' });

function backup(day: string, suffix: string, changes: Partial<StoredBackup> = {}): StoredBackup {
  const made = candidate(`${day}T23:30:00Z`);
  const entry: Entry = { database: 'shop', id: made.id, folder: '', objects: [], complete: true, hollow: false };
  return { ...made, id: `${made.id.slice(0, -6)}${suffix}`, entry, bytes: 1500, ...changes };
}

test('a row a month, a letter a day, and every backup with why it stays', () => {
  // 23:30 UTC is the next day in Berlin; the clocks change on 29 March.
  const backups = [
    backup('2026-01-09', 'aaaaaa'),
    backup('2026-03-28', 'bbbbbb'),
    backup('2026-03-29', 'cccccc', { proved: true }),
    backup('2026-03-31', 'dddddd'),
    backup('2026-04-01', 'eeeeee'),
    backup('2026-04-02', 'ffffff'),
    backup('2027-01-01', 'gggggg', { storedAt: now }),
  ];
  const plan = planRetention({ backups, policy, now });
  assert.equal(
    renderPlan(plan, policy.timeZone).replaceAll(/ +$/gm, ''),
    `         1       5        10        15        20        25        30
2026-01                    M . . . . . . . . . . . . . . . . . . . . .
2026-03  . . . . . . . . . . . . . . . . . . . . . . . . . . . . x M .
2026-04  D D M . . . . . . . . . . . . . . . . . . . . . . . . . . .
2027-01  . +
Y yearly  M monthly  W weekly  D daily  + stays for another reason  x goes  . none

       ID                       TIME (Europe/Berlin)    SIZE  BECAUSE
stays  20260109T233000Z-aaaaaa  Sat 2026-01-10 00:30  1.5 kB  month 2026-01
goes   20260328T233000Z-bbbbbb  Sun 2026-03-29 00:30  1.5 kB
stays  20260329T233000Z-cccccc  Mon 2026-03-30 01:30  1.5 kB  week 2026-W14, month 2026-03, newest proved
stays  20260331T233000Z-dddddd  Wed 2026-04-01 01:30  1.5 kB  day 2026-04-01
stays  20260401T233000Z-eeeeee  Thu 2026-04-02 01:30  1.5 kB  day 2026-04-02
stays  20260402T233000Z-ffffff  Fri 2026-04-03 01:30  1.5 kB  day 2026-04-03, month 2026-04, KEEP_MINIMUM
stays  20270101T233000Z-gggggg  Sat 2027-01-02 00:30  1.5 kB  its name is ahead of the clock of the store
`,
  );
});

test('a policy is told as its variables say it', () => {
  assert.equal(
    policyWords(policyOf({ last: 7, withinMs: 35 * 86_400_000, yearly: 2, minimum: 3 })),
    'KEEP_LAST=7, KEEP_WITHIN=35 days, KEEP_YEARLY=2, KEEP_MINIMUM=3; days of UTC',
  );
});
