import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { modelOf } from '../../src/report/model.ts';
import { renderPage } from '../../src/report/page.ts';
import { show, startBrowser } from '../support/browser.ts';
import { sampleHistory, samplePolicy, sampleRequest } from './sample-histories.ts';

/*
 * Takes the pictures of docs/REPORT.md: `node test/report/screenshots.ts`, then `pngquant --ext .png --force` and
 * `optipng` on docs/images/report-*.png.
 */
const folder = join(import.meta.dirname, '../../docs/images');
mkdirSync(folder, { recursive: true });
const policy = { ...samplePolicy, withinMs: 400 * 86_400_000 };
const html = renderPage(modelOf(sampleRequest([sampleHistory(400, { missing: [41, 100] })], { policy })));
const devices = { desktop: { width: 1280, height: 2080 }, phone: { width: 390, height: 1500 } };

const browser = await startBrowser();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [device, viewport] of Object.entries(devices)) {
    await using shown = await show(browser, html, { colorScheme, viewport });
    await shown.page.screenshot({ path: join(folder, `report-${device}-${colorScheme}.png`) });
  }
}
await browser.close();
