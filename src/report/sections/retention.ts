import { bytes, day, moment, plural } from '../figures.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';
import type { Going, Removals } from '../removal.ts';

/** Longer lists are cut. */
const shownGoing = 8;

const tierWords = {
  yearly: 'First of a year',
  monthly: 'First of a month',
  weekly: 'First of a week',
  daily: 'Others',
} as const;

/** What is kept, for how long, and what goes next. */
export function retentionSection({ tiers, removals, good }: DatabaseModel, page: PageModel): Markup | false {
  if (good.length === 0) return false;
  return html`<section class="block">
    <div class="head">
      <h2>What stays, what goes</h2>
      <p class="soft">
        ${removals ? html`The rules: ${removals.policy}.` : 'No KEEP_ variable is set: nothing is ever removed.'}
      </p>
    </div>
    <div class="pair">${tiers.length > 0 && tierTable(tiers, page)}${removals && goingPart(removals, page)}</div>
  </section>`;
}

function tierTable(tiers: DatabaseModel['tiers'], { timeZone }: PageModel): Markup {
  const row = ({ tier, backups, bytes: sum, oldest }: DatabaseModel['tiers'][number]): Markup =>
    html`<tr>
      <th scope="row">${tierWords[tier]}</th>
      <td class="number">${backups}</td>
      <td class="number">${bytes(sum)}</td>
      <td class="number roomy">${day(oldest, timeZone)}</td>
    </tr>`;
  return html`<table class="data">
    <caption>
      What the backups stand for
    </caption>
    <thead>
      <tr>
        <th scope="col">Tier</th>
        <th scope="col" class="number">Backups</th>
        <th scope="col" class="number">Size</th>
        <th scope="col" class="number roomy">Oldest</th>
      </tr>
    </thead>
    <tbody>
      ${tiers.map(row)}
    </tbody>
  </table>`;
}

function goingPart({ now, next, held }: Removals, page: PageModel): Markup {
  const title = html`<h3>Going next</h3>`;
  if (held !== undefined)
    return html`<div class="shares">
      ${title}
      <p>${held}.</p>
    </div>`;
  if (now.length > 0) return html`<div class="shares">${title}${goingTable('With the next prune', now, page)}</div>`;
  if (next)
    return html`<div class="shares">
      ${title}${goingTable(`Once the backup of ${moment(next.after, page.timeZone)} is there`, next.going, page)}
    </div>`;
  return html`<div class="shares">
    ${title}
    <p>Nothing for now: the rules still have room.</p>
  </div>`;
}

function goingTable(caption: string, going: readonly Going[], { timeZone }: PageModel): Markup {
  const sum = going.reduce((total, each) => total + each.bytes, 0);
  const more = going.length - shownGoing;
  return html`<table class="data">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">Backup of</th>
          <th scope="col" class="number">Size</th>
        </tr>
      </thead>
      <tbody>
        ${going.slice(0, shownGoing).map(
          (each) =>
            html`<tr>
              <th scope="row">${moment(each.startedAt, timeZone)}</th>
              <td class="number">${bytes(each.bytes)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${going.length > 1 && html`<p class="small soft">${more > 0 && `And ${more} more. `}${plural(going.length, 'backup')}, ${bytes(sum)} in all.</p>`}`;
}
