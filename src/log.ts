import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogConfig } from './config/config.ts';

/** The log that every part writes to: structured fields first, then a message. Made once, in the edge. */
export type Log = Logger;

/** Fields whose message says the same: machines read them in JSON, people need not read them twice. */
const fieldsInWords = 'kind,exitCode,id,server,client,databaseBytes,dumpedBytes,storedBytes,table,leftMs';

/** Where log lines go. */
export interface LogOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/**
 * Makes the log. `auto` is coloured lines for people on a terminal and plain lines elsewhere, `pretty` forces the
 * colours, `json` writes one JSON object a line. Lines for people end with the fields of a warning in brackets.
 * @param redact applied to every line before it leaves the process.
 */
export function createLog(config: LogConfig, output: LogOutput, redact: (text: string) => string): Log {
  const redacted = {
    write(text: string): void {
      output.write(redact(text));
    },
  };
  const options = { level: config.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (config.format === 'json') {
    return pino({ ...options, formatters: { level: (level) => ({ level }) } }, redacted);
  }
  const colorize = config.format === 'pretty' || output.isTTY === true;
  const lines = pretty.prettyFactory({
    colorize,
    translateTime: colorize ? 'SYS:HH:MM:ss' : 'SYS:standard',
    singleLine: true,
    ignore: fieldsInWords,
  });
  return pino(options, {
    write(text: string): void {
      redacted.write(lines(tellFields(JSON.parse(text) as Line)));
    },
  });
}

interface Line {
  readonly level: number;
  readonly time: unknown;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** A warning is about something to be done, and what its fields name (a key, the id of an upload) is needed for that. */
function tellFields(line: Line): Line {
  if (line.level !== pino.levels.values['warn']) return line;
  const { level: _level, time: _time, msg = '', ...fields } = line;
  const told = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
  return told.length === 0 ? line : { ...line, msg: `${msg} (${told.join(', ')})` };
}
