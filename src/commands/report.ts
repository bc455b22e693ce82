import { writeFile } from 'node:fs/promises';
import { namedDatabases } from '../config/databases.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { readArguments } from './arguments.ts';
import type { Command, Edge } from './command.ts';
import { reportFleet } from './fleet/report.ts';
import { openReader } from './reader.ts';

const usage = 'report [--out FILE] [--database NAME | --fleet]';

/** `report`: the history of the store as one page of HTML, to a file or to standard output. */
export const report: Command = {
  summary: 'show the history of the store as a page of HTML',
  usage,
  async run(edge) {
    const { values } = readArguments(
      edge.args,
      { out: { type: 'string' }, database: { type: 'string' }, fleet: { type: 'boolean' } },
      usage,
      0,
    );
    if (values.out === undefined && edge.stdout.isTTY === true) {
      throw new Failure('usage', 'a page of HTML is nothing for a terminal', {
        hint: 'Give a file, as in `report --out report.html`, or send the output to one.',
      });
    }
    if (values.fleet === true && values.database !== undefined) {
      throw new Failure('usage', '--fleet is about all members', {
        hint: 'For one of them set BACKUP_DESTINATION to its folder, and leave --fleet out.',
      });
    }
    const { page, sentence, log } =
      values.fleet === true ? await reportFleet(edge) : await reportStore(edge, values.database);
    if (values.out === undefined) edge.stdout.write(page);
    else await save(values.out, page);
    log.info(sentence);
    return 0;
  },
};

/** A page that was made, and where to tell of it. */
interface Made {
  readonly page: string;
  readonly sentence: string;
  readonly log: Log;
}

async function reportStore(edge: Edge, database: string | undefined): Promise<Made> {
  using reader = openReader(edge);
  const { store, config, log } = reader;
  const { makeReport } = await import('../report/report.ts');
  const made = await makeReport({
    store,
    database,
    expected: database === undefined ? namedDatabases(config) : [database],
    schedule: config.schedule,
    policy: config.retention,
    timeZone: config.timezone,
    signal: edge.signal,
  });
  return { ...made, log };
}

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
