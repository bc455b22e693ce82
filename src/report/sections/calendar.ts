import type { Day, DayState, Month } from '../days.ts';
import { plural } from '../figures.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel } from '../model.ts';

/** So many months are shown at once; older ones unfold by year. */
const shownMonths = 12;

/** In the order of the legend. */
const words: Readonly<Partial<Record<DayState, string>>> = {
  proved: 'backed up, and proved by a restore',
  made: 'backed up',
  partly: 'backed up, but not as often as due',
  missed: 'nothing, though a backup was due',
  damaged: 'only a damaged backup',
  removed: 'nothing kept from so long ago',
  idle: 'nothing due',
  empty: 'nothing',
};

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** The calendar of runs. It is made of tables, so that it can also be read without seeing it. */
export function calendarSection({ months, missed }: DatabaseModel): Markup | false {
  if (months.length === 0) return false;
  const recent = months.slice(-shownMonths);
  const years = Map.groupBy(months.slice(0, -shownMonths), ({ year }) => year);
  const seen = new Set(months.flatMap(({ days }) => days.map(({ state }) => state)));
  const legend = (Object.keys(words) as DayState[]).filter((state) => seen.has(state));
  return html`<section class="block long">
    <div class="head">
      <h2>Every day</h2>
      <p class="soft">${gapWords(missed)}</p>
    </div>
    <div class="months">${recent.map(monthTable)}</div>
    <ul class="legend">
      ${legend.map((state) => html`<li><span class="cell ${state}"></span>${capital(words[state] ?? '')}</li>`)}
    </ul>
    ${years.size > 0 && html`<div class="years">${[...years].reverse().map(yearPart)}</div>`}
  </section>`;
}

function yearPart([year, months]: [number, readonly Month[]]): Markup {
  return html`<details>
    <summary>${year}</summary>
    <div class="months">${months.map(monthTable)}</div>
  </details>`;
}

function gapWords(missed: DatabaseModel['missed']): string {
  if (!missed) return 'Which days have a backup. Set BACKUP_SCHEDULE, and gaps stand out.';
  if (missed.ever === 0)
    return 'Which days have a backup. Since the oldest one that must still be there, none that was due is missing.';
  const lately =
    missed.lately === missed.ever
      ? ''
      : `, ${missed.lately === 0 ? 'none' : missed.lately} of them in the last 30 days`;
  return `Which days have a backup. ${plural(missed.ever, 'backup')} that ${missed.ever === 1 ? 'was' : 'were'} due did not come${lately}.`;
}

function monthTable({ title, weekday, days }: Month): Markup {
  const cells: (Day | undefined)[] = [...Array<undefined>(weekday - 1).fill(undefined), ...days];
  while (cells.length % 7 !== 0) cells.push(undefined);
  const weeks = Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
  return html`<table class="month">
    <caption>
      ${title}
    </caption>
    <thead class="hidden">
      <tr>
        ${weekdays.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${weeks.map(
        (week) =>
          html`<tr>
            ${week.map(dayCell)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function dayCell(day: Day | undefined): Markup {
  if (!day) return html`<td></td>`;
  if (day.state === 'outside') return html`<td><span class="cell outside"></span></td>`;
  const title = `${day.number}: ${describeDay(day)}`;
  return html`<td>
    <span class="cell ${day.state}"><span class="hidden">${title}</span></span>
  </td>`;
}

function describeDay({ state, backups, missed }: Day): string {
  const number = backups > 1 ? ` (${plural(backups, 'backup')})` : '';
  return (words[state] ?? '') + number + (missed > 0 && backups > 0 ? `, ${missed} missing` : '');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
