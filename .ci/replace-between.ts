/**
 * The page with what stands between the comments `<!-- marker -->` and `<!-- /marker -->` replaced.
 * @throws {Error} where the page lacks one of them.
 */
export function replaceBetween(page: string, marker: string, content: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const start = page.indexOf(open);
  const end = page.indexOf(close);
  if (start === -1 || end < start) throw new Error(`the page lacks the markers ${open} and ${close}`);
  // Prettier must leave the table as it is: it would pad every row to the longest.
  const table = `\n<!-- prettier-ignore-start -->\n\n${content}\n\n<!-- prettier-ignore-end -->\n`;
  return page.slice(0, start + open.length) + table + page.slice(end);
}
