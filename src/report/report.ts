import type { RetentionPolicy, ScheduleConfig } from '../config/config.ts';
import type { Store } from '../store/store.ts';
import { toolVersion } from '../version.ts';
import { renderBadge } from './badge.ts';
import { modelOf, type ModelRequest } from './model.ts';
import { renderPage } from './page.ts';
import { readHistory } from './read-history.ts';

/*
 * The way in to everything about the page. It is imported when a page is wanted and not before: drawing charts needs more
 * code than all the rest of the program.
 */

/** What a report is made from. */
export interface ReportRequest {
  readonly store: Store;
  /** Only this one; all of the store when undefined. */
  readonly database: string | undefined;
  /** Those that are to be told of even where the store has nothing of them. */
  readonly expected: readonly string[];
  readonly schedule: ScheduleConfig | undefined;
  readonly policy: RetentionPolicy | undefined;
  readonly timeZone: string;
  readonly signal: AbortSignal;
}

/** The page and its badge, as they are stored. */
export interface Report {
  readonly page: string;
  readonly badge: string;
  /** Whether everything is fine, in one sentence. */
  readonly sentence: string;
}

/** Looks at a store and tells how it is. Throws what the store throws. */
export async function makeReport({ store, database, expected, signal, ...request }: ReportRequest): Promise<Report> {
  const histories = await readHistory(store, { database, expected }, signal);
  return renderReport({ ...request, histories, location: store.location });
}

/** Tells how what was read is now. */
export function renderReport(request: Omit<ModelRequest, 'now' | 'toolVersion'>): Report {
  const model = modelOf({ ...request, now: new Date(), toolVersion });
  return { page: renderPage(model), badge: renderBadge(model), sentence: model.sentence };
}
