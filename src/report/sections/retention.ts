import { bytes, count, day, moment, plural } from '../figures.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel, TierCount } from '../model.ts';
import type { Going, Removals } from '../removal.ts';

/** Longer lists are cut. */
const shownGoing = 6;

const tierWords = {
  yearly: 'First of a year',
  monthly: 'First of a month',
  weekly: 'First of a week',
  daily: 'Others',
} as const;

/** What is kept, for how long, and what goes next. */
export function retentionSection({ tiers, removals, good }: DatabaseModel, page: PageModel): Markup | false {
  if (good.length === 0) return false;
  const rules = removals ? `The rules: ${removals.policy}.` : 'There are no rules: no KEEP_… variable is set.';
  return html`<section class="block">
    <div class="head">
      <h2>What stays, what goes</h2>
      <p class="soft">${rules}</p>
    </div>
    <div class="pair">
      ${tiers.length > 0 && tierTable(tiers, page)}${removals ? goingPart(removals, page) : goingNone('nothing, ever')}
    </div>
  </section>`;
}

function tierTable(tiers: readonly TierCount[], { timeZone }: PageModel): Markup {
  const row = ({ tier, backups, bytes: sum, oldest }: TierCount): Markup =>
    html`<tr>
      <th scope="row">${tierWords[tier]}</th>
      <td class="number">${count(backups)}</td>
      <td class="number">${bytes(sum)}</td>
      <td class="number roomy">${day(oldest, timeZone)}</td>
    </tr>`;
  return html`<table class="data">
    <caption>
      <strong>Staying</strong>
      <span class="small soft">what each backup stands for</span>
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
  if (held !== undefined) return goingNone(`${held}.`);
  if (now.length > 0) return goingTable('with the next prune', now, page);
  if (next) return goingTable(`once the backup of ${moment(next.after, page.timeZone)} is there`, next.going, page);
  return goingNone('nothing for now: the rules still have room');
}

function goingNone(why: string): Markup {
  return html`<div>
    <p><strong>Going next</strong></p>
    <p class="small soft">${why}</p>
  </div>`;
}

function goingTable(when: string, going: readonly Going[], { timeZone }: PageModel): Markup {
  const sum = going.reduce((total, each) => total + each.bytes, 0);
  const more = going.length - shownGoing;
  const row = ({ startedAt, bytes: size }: Going): Markup =>
    html`<tr>
      <th scope="row">${moment(startedAt, timeZone)}</th>
      <td class="number">${bytes(size)}</td>
    </tr>`;
  return html`<div>
    <table class="data">
      <caption>
        <strong>Going next</strong>
        <span class="small soft">${when}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Backup</th>
          <th scope="col" class="number">Size</th>
        </tr>
      </thead>
      <tbody>
        ${going.slice(0, shownGoing).map(row)}
      </tbody>
    </table>
    ${more > 0 && html`<p class="small soft">And ${more} more: ${plural(going.length, 'backup')}, ${bytes(sum)} in all.</p>`}
  </div>`;
}
