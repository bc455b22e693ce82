/** What a person sees on a terminal of so many columns after a program has written this, and what has scrolled by. */
export function screenAfter(written: string, columns: number): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  // eslint-disable-next-line no-control-regex -- escape sequences are what this reads
  for (const [token] of written.matchAll(/\u001b\[\??[\d;]*[A-Za-z]|[^]/gu)) {
    // eslint-disable-next-line no-control-regex -- the same
    const sequence = /^\u001b\[(\??[\d;]*)([A-Za-z])$/.exec(token);
    if (sequence) {
      const [, parameter = '', final = ''] = sequence;
      const count = Number(parameter || '1');
      if (final === 'A') row = Math.max(0, row - count);
      else if (final === 'B') row = Math.min(lines.length - 1, row + count);
      else if (final === 'G') column = count - 1;
      else if (final === 'K') lines[row] = parameter === '2' ? '' : (lines[row] ?? '').slice(0, column);
      // Colours, and drawing without flicker.
      else if (!(final === 'm' || parameter === '?2026')) throw new Error(`unknown sequence ${JSON.stringify(token)}`);
    } else if (token === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= '';
    } else if (token === '\r') column = 0;
    else {
      if (column >= columns) {
        row += 1;
        column = 0;
        lines[row] ??= '';
      }
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + token + line.slice(column + 1);
      column += 1;
    }
  }
  return lines.filter((line) => line !== '');
}
