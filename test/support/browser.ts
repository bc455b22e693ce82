import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A page as it looks in a browser, and what the browser had to say about it. */
export interface Shown extends AsyncDisposable {
  readonly page: Page;
  /** The paths that were asked for; the page itself is `/`. */
  readonly requests: readonly string[];
  /** Whatever was written to its console, a broken content security policy for one. */
  readonly complaints: readonly string[];
}

/** Debian's Chromium without a window. Close it. */
export function startBrowser(): Promise<Browser> {
  // It refuses its sandbox to root; it only ever shows pages of our own.
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

/** Shows HTML that a server on the loopback interface gives away, so that a request that should not be made is seen. */
export async function show(browser: Browser, html: string, options: BrowserContextOptions): Promise<Shown> {
  const requests: string[] = [];
  const complaints: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.setHeader('content-type', 'text/html; charset=utf-8').end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(address)) requests.push(request.url());
  });
  await page.goto(`${address}/`);
  return {
    page,
    requests,
    complaints,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
