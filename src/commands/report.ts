import { writeFile } from 'node:fs/promises';
import { Failure } from '../errors.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { openReader } from './reader.ts';

const usage = 'report [--out FILE] [--database NAME]';

/** `report`: the history of the store as one page of HTML, to a file or to standard output. */
export const report: Command = {
  summary: 'show the history of the store as a page of HTML',
  usage,
  async run(edge) {
    const { values } = readArguments(edge.args, { out: { type: 'string' }, database: { type: 'string' } }, usage, 0);
    if (values.out === undefined && edge.stdout.isTTY === true) {
      throw new Failure('usage', 'a page of HTML is nothing for a terminal', {
        hint: 'Give a file, as in `report --out report.html`, or send the output to one.',
      });
    }
    using reader = openReader(edge);
    const { store, config, log } = reader;
    const { makeReport } = await import('../report/report.ts');
    const { page, sentence } = await makeReport({
      store,
      database: values.database,
      expected: values.database ?? config.source?.database,
      schedule: config.schedule,
      policy: config.retention,
      timeZone: config.timezone,
      signal: edge.signal,
    });
    if (values.out === undefined) edge.stdout.write(page);
    else await save(values.out, page);
    log.info(sentence);
    return 0;
  },
};

async function save(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new Failure('usage', `could not write ${file}: ${why}`, {
      hint: 'Give --out a file in a folder that exists and that this user may write to.',
      cause,
    });
  }
}
