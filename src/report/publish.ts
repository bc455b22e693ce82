import { rootFiles } from '../catalog/keys.ts';
import { makeReport, type ReportRequest } from './report.ts';

/** Puts the page and its badge into the store, in place of those of the run before. Throws what the store throws. */
export async function publishReport(request: ReportRequest & { readonly runId: string }): Promise<void> {
  const { store, signal, runId } = request;
  const { page, badge } = await makeReport(request);
  const put = (key: string, content: string, contentType: string): Promise<void> =>
    store.putSmall(key, content, { runId, contentType, replace: true, signal });
  await put(rootFiles.report, page, 'text/html; charset=utf-8');
  await put(rootFiles.badge, badge, 'image/svg+xml');
}
