import prettyBytes from 'pretty-bytes';
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

const legend = `Y yearly  M monthly  W weekly  D daily  + stays for another reason  x goes  . no backup\n`;

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
  return reasons.map(({ rule, period, oldest }) => (oldest ? `${rule} (oldest)` : (period ?? words[rule]))).join(', ');
}

const words: Readonly<Record<Reason['rule'], string>> = {
  last: 'last',
  within: 'within',
  daily: 'daily',
  weekly: 'weekly',
  monthly: 'monthly',
  yearly: 'yearly',
  minimum: 'minimum',
  proved: 'newest proved',
  'made now': 'just made',
};

interface Row {
  readonly backup: StoredBackup;
  readonly reasons: readonly Reason[];
  readonly goes: boolean;
}

function renderCalendar(rows: readonly Row[], timeZone: string): string {
  const months = new Map<string, { days: number; cells: Map<number, string> }>();
  for (const row of rows) {
    const time = localTime(row.backup.startedAt, timeZone);
    const name = time.toFormat('yyyy-MM');
    const month = months.get(name) ?? { days: time.daysInMonth ?? 31, cells: new Map<number, string>() };
    months.set(name, month);
    month.cells.set(time.day, strongest(month.cells.get(time.day), letterOf(row)));
  }
  const header = Array.from({ length: 31 }, (_, index) => ((index + 1) % 5 === 0 || index === 0 ? index + 1 : ''));
  const line = (title: string, cells: readonly (string | number)[]): string =>
    `${title.padEnd(8)}${cells.map((cell) => String(cell).padStart(3)).join('')}`.trimEnd() + '\n';
  const body = [...months].map(([name, { days, cells }]) =>
    line(
      name,
      Array.from({ length: days }, (_, index) => cells.get(index + 1) ?? '.'),
    ),
  );
  return line('', header) + body.join('');
}

function letterOf({ reasons, goes }: Row): string {
  if (goes) return 'x';
  return letters.find(([period]) => reasons.some(({ rule }) => rule === period))?.[1] ?? '+';
}

const strength = [...letters.map(([, letter]) => letter), '+', 'x'];

function strongest(one: string | undefined, other: string): string {
  return one === undefined || strength.indexOf(other) < strength.indexOf(one) ? other : one;
}
