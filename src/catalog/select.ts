import { Failure } from '../errors.ts';
import type { Entry } from './entries.ts';
import { timeOfId } from './ids.ts';

/** What people may write to name a backup, for messages. */
export const selectorWords = 'latest, an id, or a time such as 2026-06-22 or 2026-06-22T03:00Z';

/**
 * The backup that a person means: `latest`, an id, or the newest that was begun not after a point in time. A day alone
 * means all of that day, UTC. Only complete backups count. An id is enough where there are several databases.
 * @throws {Failure} `usage` when the selector is none of these, fits nothing, or several databases could be meant.
 */
export function selectBackup(entries: readonly Entry[], selector: string, location: string): Entry {
  const complete = entries.filter((entry) => entry.complete);
  const isId = timeOfId(selector) !== undefined;
  const meant = isId
    ? entries.filter(({ id, complete: isComplete, hollow }) => id === selector && (isComplete || hollow))
    : complete;
  const databases = [...new Set(meant.map(({ database }) => database))];
  if (databases.length > 1) {
    throw new Failure('usage', `${location} holds backups of several databases: ${databases.join(', ')}`, {
      hint: isId ? 'Say which one with --database.' : 'Say which one with --database, or name a backup by its id.',
    });
  }
  const isTime = !isId && selector !== 'latest';
  const chosen = meant.filter(({ id }) => !isTime || startOf(id) <= endOf(selector)).at(-1);
  if (chosen) return chosen;
  throw new Failure('usage', `${location} holds no complete backup for ${selector}`, {
    hint:
      complete.length === 0
        ? "Is this prefix the job's, and the name of the database right? list --all shows what else is there."
        : `The oldest there is ${complete[0]?.id ?? ''}, the newest ${complete.at(-1)?.id ?? ''}; list shows all.`,
  });
}

function startOf(id: string): number {
  return timeOfId(id)?.getTime() ?? Number.POSITIVE_INFINITY;
}

/** The last millisecond that a time selector includes. */
function endOf(selector: string): number {
  const day = /^\d{4}-\d\d-\d\d$/.test(selector);
  const full = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(selector);
  const time = Date.parse(day ? `${selector}T23:59:59.999Z` : selector);
  // 30 February would be read as a day in March.
  const date = new Date(`${selector.slice(0, 10)}T00:00:00Z`).getUTCDate();
  if ((!day && !full) || Number.isNaN(time) || date !== Number(selector.slice(8, 10))) {
    throw new Failure('usage', `${selector} names no backup`, { hint: `Write ${selectorWords}.` });
  }
  return time;
}
