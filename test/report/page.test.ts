import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { modelOf } from '../../src/report/model.ts';
import { renderPage } from '../../src/report/page.ts';
import { show, startBrowser } from '../support/browser.ts';
import {
  hostileNames,
  sampleFleet,
  sampleHistory,
  sampleIll,
  samplePolicy,
  sampleRequest,
} from './sample-histories.ts';

let browser: Browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

const requests = {
  'no backup': sampleRequest([]),
  'one backup': sampleRequest([sampleHistory(1, { drilledEvery: 0 })]),
  '30 backups': sampleRequest([sampleHistory(30)], { policy: samplePolicy }),
  '2,000 backups': sampleRequest([sampleHistory(2000)]),
  'a database that is not well': sampleRequest([sampleIll()], { policy: samplePolicy }),
  'several databases': sampleRequest(sampleFleet(), { policy: samplePolicy }),
  'hostile names': sampleRequest(
    hostileNames.map((database) => sampleHistory(6, { database, tables: hostileNames })),
    { location: 's3://bucket/<b>prefix</b>' },
  ),
} as const;

/** A desktop, a phone, a small phone. */
const widths = [1280, 390, 360];
const faintTexts = readFileSync(join(import.meta.dirname, '../fixtures/faint-texts.js'), 'utf8');

for (const [name, request] of Object.entries(requests)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the page of ${name}, ${colorScheme}: nothing is cut off, loaded, complained about or hard to read`, async () => {
      const html = renderPage(modelOf(request));
      await using shown = await show(browser, html, { colorScheme, viewport: { width: widths[0]!, height: 800 } });
      const { page } = shown;
      assert.deepEqual(await violations(page), []);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        assert.equal(await overflow(page), 0, `it scrolls sideways at ${String(width)} pixels`);
      }
      await page.evaluate('document.querySelectorAll("details").forEach((each) => (each.open = true))');
      assert.equal(await overflow(page), 0, 'it scrolls sideways once all is unfolded');
      assert.deepEqual(await page.evaluate(faintTexts), []);
      assert.deepEqual(shown.requests, ['/']);
      assert.deepEqual(shown.complaints, []);
    });
  }
}

test('names are shown as they are and forge nothing', async () => {
  const html = renderPage(modelOf(requests['hostile names']));
  await using shown = await show(browser, html, {});
  const { page } = shown;
  assert.equal(await page.locator('script, img, [onerror], body > :not(.page)').count(), 0);
  assert.equal(await page.locator('h1').count(), 1);
  const text = await page.locator('main').innerText();
  for (const name of hostileNames.filter((each) => each.isWellFormed() && !each.includes('\u202E'))) {
    assert.ok(text.includes(name), name);
  }
  assert.ok(text.includes('\uFFFDgnp.exe\uFFFD\uFFFD'), 'what turns the direction of a text is made visible');
});

test('on paper nothing is cut off and nothing needs to be unfolded by hand', async () => {
  const html = renderPage(modelOf(requests['30 backups']));
  await using shown = await show(browser, html, { viewport: { width: 700, height: 1000 } });
  await shown.page.emulateMedia({ media: 'print' });
  assert.equal(await overflow(shown.page), 0);
  assert.equal(await shown.page.locator('summary:visible').count(), 0);
  assert.ok((await shown.page.pdf({ format: 'A4' })).length > 10_000);
});

/** By how many pixels the page is wider than the window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html ?? ''}`);
}
