import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogConfig } from './config/config.ts';
import { oneLine } from './visible.ts';
import { redactJson } from './redact.ts';

/** The log that every part writes to: structured fields first, then a message. Made once, in the edge. */
export type Log = Logger;

/** Fields whose message says the same: machines read them in JSON, people need not read them twice. */
const fieldsInWords = [
  ...['event', 'command', 'runId', 'database', 'id', 'location', 'outcome'],
  ...['kind', 'exitCode', 'server', 'client', 'databaseBytes'],
  ...['step', 'bytes', 'totalBytes', 'storedBytes', 'bytesPerSecond', 'leftMs', 'durationMs'],
  ...['table', 'tableNumber', 'tables'],
].join(',');

/** What a line of a message begins with that says what to do. */
export const hintStart = 'HINT: ';

/** Where log lines go. */
export interface LogOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Of a terminal, as it is now. */
  readonly columns?: number | undefined;
  /** Whether colours may be written to this terminal: NO_COLOR and its kind say. */
  hasColors?(): boolean;
}

/**
 * Makes the log. `auto` is coloured lines for people on a terminal and plain lines elsewhere, `pretty` forces the
 * colours, `json` writes one JSON object a line. Lines for people end with the fields that the message does not tell.
 * @param redact applied to every text before it leaves the process: before it is formatted, which changes how it is
 * escaped, and where it is not JSON after that too. There nothing can move a terminal's cursor, and what is on lines of
 * its own within a message is indented, but for the hint: a name from elsewhere cannot look like a line of ours.
 */
export function createLog(config: LogConfig, output: LogOutput, redact: (text: string) => string): Log {
  const options = { level: config.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (config.format === 'json') {
    const write = (line: string): void => {
      output.write(`${redactJson(JSON.parse(line), redact)}\n`);
    };
    return pino({ ...options, formatters: { level: (level) => ({ level }) } }, { write });
  }
  const isForPeople = config.format === 'pretty' || output.isTTY === true;
  const lines = pretty.prettyFactory({
    colorize: config.format === 'pretty' || (isForPeople && output.hasColors?.() !== false),
    translateTime: isForPeople ? 'SYS:HH:MM:ss' : 'SYS:standard',
    singleLine: true,
    ignore: fieldsInWords,
  });
  const write = (line: string): void => {
    const shown = redactJson(JSON.parse(line), (text) => visible(redact(text)));
    output.write(redact(lines(JSON.parse(shown))));
  };
  return pino(options, { write });
}

function visible(text: string): string {
  const [first = '', ...more] = text.split(/\r?\n/).map(oneLine);
  return [
    first,
    ...more.map((line) => (line.startsWith(hintStart) || line.startsWith('  ') ? line : `  ${line}`)),
  ].join('\n');
}
