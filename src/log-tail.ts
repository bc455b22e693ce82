import { stripVTControlCharacters } from 'node:util';
import type { LogOutput } from './log.ts';

const mostLines = 20;
const longestLine = 2000;

/** The end of what was logged. */
export interface LogTail {
  /** Takes the place of the output that it was made for, and is like it in all else. */
  readonly output: LogOutput;
  /** The last 20 lines, oldest first, as people read them: without colours, and JSON in words. */
  lines(): string[];
}

/** Keeps the end of what is written to an output. What is written must be free of secrets already, as of the log. */
export function keepTail(output: LogOutput): LogTail {
  const kept: string[] = [];
  const keep = (text: string): void => {
    // Lines that are drawn anew in place: a progress bar.
    // eslint-disable-next-line no-control-regex -- the sequences that move the cursor or erase
    if (/\u001b\[\d*[A-GJK]/.test(text)) return;
    for (const line of text.split('\n')) {
      for (const words of inWords(stripVTControlCharacters(line)).split('\n')) {
        if (words.trim() !== '') kept.push(words.trimEnd().slice(0, longestLine));
      }
    }
    kept.splice(0, kept.length - mostLines);
  };
  const through = (text: string): unknown => {
    keep(text);
    return output.write(text);
  };
  return {
    output: new Proxy(output, {
      get(target, name) {
        if (name === 'write') return through;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
    lines: () => [...kept],
  };
}

/** `ERROR: message` for a line of JSON, and any other line as it is. */
function inWords(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { level, time, msg } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof msg !== 'string') return line;
    return `${typeof time === 'string' ? `[${time}] ` : ''}${typeof level === 'string' ? level.toUpperCase() : 'LOG'}: ${msg}`;
  } catch {
    return line;
  }
}
