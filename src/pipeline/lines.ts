import type { Readable } from 'node:stream';

/**
 * Calls back with each line of a stream of UTF-8 text, as soon as it is complete; what stands after the last newline
 * counts as a line. Lines end with `\n` alone: names in them may hold any other character that ends lines elsewhere.
 * @param maxLength longer lines are cut there, so that a flood without a newline costs no memory.
 */
export function followLines(stream: Readable, maxLength: number, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = text.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = (lines.pop() ?? '').slice(0, maxLength);
    for (const line of lines) onLine(line.slice(0, maxLength));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
