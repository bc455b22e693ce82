import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import type { RetentionPolicy } from '../config/config.ts';
import { renderTable } from '../report/table.ts';
import { localTime, type Period } from './periods.ts';
import type { RetentionPlan } from './plan.ts';
import type { Reason } from './rules.ts';
import type { StoredBackup } from './survey.ts';

/** The letters of the calendar; of several the first is shown. */
const letters: readonly (readonly [Period, string])[] = [
  ['yearly', 'Y'],
  ['monthly', 'M'],
  ['weekly', 'W'],
  ['daily', 'D'],
];

const legend = `Y yearly  M monthly  W weekly  D daily  + stays for another reason  x goes  . none\n`;

/**
 * A plan for people: a calendar with a row a month and a column a day, then every backup with the reasons why it stays.
 * Oldest first, as in `list`.
 */
export function renderPlan(plan: RetentionPlan<StoredBackup>, timeZone: string): string {
  const rows = [
    ...plan.keep.map(({ backup, reasons }) => ({ backup, reasons, goes: false })),
    ...plan.remove.map((backup) => ({ backup, reasons: [], goes: true })),
  ].sort((a, b) => (a.backup.id < b.backup.id ? -1 : 1));
  const table = rows.map(({ backup, reasons, goes }) => [
    goes ? 'goes' : 'stays',
    backup.id,
    localTime(backup.startedAt, timeZone).toFormat('ccc yyyy-MM-dd HH:mm'),
    prettyBytes(backup.bytes),
    goes ? '' : reasonWords(reasons),
  ]);
  const columns = [
    { title: '' },
    { title: 'ID' },
    { title: `TIME (${timeZone})` },
    { title: 'SIZE', align: 'right' as const },
    { title: 'BECAUSE' },
  ];
  return `${renderCalendar(rows, timeZone)}${legend}\n${renderTable(columns, table)}`;
}

/** Why a backup stays, in a few words. */
export function reasonWords(reasons: readonly Reason[]): string {
  if (reasons.length === 0) return 'its name is ahead of the clock of the store';
  return reasons
    .map(({ rule, period, oldest, stored }) => {
      if (stored) return `${words[rule]} of when it was stored`;
      if (oldest) return `oldest, while ${words[rule]} has room`;
      return period === undefined ? words[rule] : `${periodWords[rule as Period]} ${period}`;
    })
    .join(', ');
}

const words: Readonly<Record<Reason['rule'], string>> = {
  last: 'KEEP_LAST',
  within: 'KEEP_WITHIN',
  daily: 'KEEP_DAILY',
  weekly: 'KEEP_WEEKLY',
  monthly: 'KEEP_MONTHLY',
  yearly: 'KEEP_YEARLY',
  minimum: 'KEEP_MINIMUM',
  proved: 'newest proved',
  'made now': 'just made',
};

const periodWords: Readonly<Record<Period, string>> = {
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};

/** A policy as its variables say it. */
export function policyWords(policy: RetentionPolicy): string {
  const { last, withinMs, daily, weekly, monthly, yearly, minimum, timeZone } = policy;
  const within = withinMs === undefined ? undefined : prettyMs(withinMs, { verbose: true });
  const rules = { last, within, daily, weekly, monthly, yearly, minimum };
  const set = Object.entries(rules).flatMap(([rule, value]) =>
    value === undefined ? [] : [`${words[rule as Reason['rule']]}=${value}`],
  );
  return `${set.join(', ')}; days of ${timeZone}`;
}

interface Row {
  readonly backup: StoredBackup;
  readonly reasons: readonly Reason[];
  readonly goes: boolean;
}

function renderCalendar(rows: readonly Row[], timeZone: string): string {
  const months = new Map<string, Map<number, string>>();
  const days = rows.map(({ backup }) => localTime(backup.startedAt, timeZone).startOf('day'));
  const [first, last] = [days[0], days.at(-1)];
  for (const [index, row] of rows.entries()) {
    const day = days[index];
    if (!day || !first || !last) continue;
    const name = day.toFormat('yyyy-MM');
    const cells = months.get(name) ?? new Map<number, string>();
    months.set(name, cells);
    cells.set(day.day, strongest(cells.get(day.day), letterOf(row)));
    // Within the time that there are backups of, a day without one is a gap.
    for (let other = day.startOf('month'); other.month === day.month; other = other.plus({ days: 1 })) {
      if (other >= first && other <= last && !cells.has(other.day)) cells.set(other.day, '.');
    }
  }
  const header = Array.from({ length: 31 }, (_, index) => (index === 0 || index % 5 === 4 ? String(index + 1) : ''));
  const line = (title: string, cells: readonly string[]): string =>
    `${title.padEnd(8)}${cells.map((cell) => cell.padStart(2)).join('')}`.trimEnd() + '\n';
  const body = [...months].map(([name, cells]) =>
    line(
      name,
      header.map((_, index) => cells.get(index + 1) ?? ''),
    ),
  );
  return line('', header) + body.join('');
}

function letterOf({ reasons, goes }: Row): string {
  if (goes) return 'x';
  return letters.find(([period]) => reasons.some(({ rule }) => rule === period))?.[1] ?? '+';
}

const strength = [...letters.map(([, letter]) => letter), '+', 'x', '.'];

function strongest(one: string | undefined, other: string): string {
  return one === undefined || strength.indexOf(other) < strength.indexOf(one) ? other : one;
}
