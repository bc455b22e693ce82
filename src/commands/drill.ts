import { chooseAmong } from '../catalog/choose.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import { oneLine } from '../visible.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { drillBackup, type DrillOptions } from './drill-backup.ts';
import { readJobs } from './jobs.ts';
import { type Chosen, chooseLatest } from './latest.ts';
import { openReader, type Reader } from './reader.ts';
import { type Notes, telling } from './telling.ts';
import { worstExit } from './worst.ts';

const usage =
  'drill [latest|ID|TIME | --all] [--database NAME] [--allow-missing-extension [NAME]]… [--superuser] [--jobs N|auto] [--json] [--no-proof]';

/**
 * `drill`: restores a backup into a scratch database, compares it with its manifest, checks it, and records the result
 * beside it. Exits with 0 only when it passed. Of several databases the latest of each, one after the other: one that
 * fails stops no other, and the exit code is the worst.
 */
export const drill: Command = {
  summary: 'restore a backup into a scratch server, compare it, and record the proof',
  usage,
  run: telling('drill', async (edge, notes) => {
    const { values, positionals } = readArguments(
      withNames(edge.args),
      {
        all: { type: 'boolean' },
        database: { type: 'string' },
        'allow-missing-extension': { type: 'string', multiple: true },
        superuser: { type: 'boolean' },
        jobs: { type: 'string' },
        json: { type: 'boolean' },
        'no-proof': { type: 'boolean' },
      },
      usage,
      1,
    );
    if (values.all === true && (positionals.length > 0 || values.database !== undefined)) {
      throw new Failure('usage', 'drill takes one backup, or --all', { hint: `Usage: pg-offsite ${usage}` });
    }
    using reader = openReader(edge);
    const { config, store } = reader;
    const wanted = {
      selector: positionals[0],
      database: values.database,
      all: values.all === true,
      databases: config.databases,
      location: store.location,
    };
    const named = { store, database: values.database, selector: wanted.selector ?? 'latest', signal: edge.signal };
    const chosen = await chooseAmong(named, (entries) => chooseLatest(entries, wanted));
    const allowed = values['allow-missing-extension'] ?? [];
    const options = {
      superuser: values.superuser === true,
      allowMissing: (name: string) => allowed.includes(everyName) || allowed.includes(name),
      jobs: readJobs(values.jobs, config.restoreJobs, usage),
      json: values.json === true,
      proof: values['no-proof'] !== true,
      searchPath: edge.env.PATH ?? '',
      signal: edge.signal,
    };
    const [only] = chosen;
    if (chosen.length !== 1 || only?.entry === undefined) return await drillEach(chosen, reader, options, notes);
    const { entry } = only;
    Object.assign(notes, {
      database: entry.database,
      backupId: entry.id,
      location: store.describe(entry.folder.slice(0, -1)),
    });
    return await drillBackup(entry, reader, options, notes);
  }),
};

async function drillEach(
  chosen: readonly Chosen[],
  reader: Reader,
  options: DrillOptions,
  notes: Notes,
): Promise<number> {
  const parts: NonNullable<Notes['parts']>[number][] = [];
  notes.database = undefined;
  notes.parts = parts;
  for (const one of chosen) {
    const { database, id } = one.entry ?? { database: one.database, id: undefined };
    const own: Notes = {};
    try {
      if (one.entry === undefined) throw one.failure;
      const exitCode = await drillBackup(one.entry, reader, options, own);
      parts.push({ name: database, exitCode, id, error: own.failure && oneLine(own.failure.message) });
      notes.failure ??= own.failure;
    } catch (error) {
      throwIfAborted(options.signal);
      const failure = toFailure(error);
      const { exitCode, message, hint } = failure;
      parts.push({ name: database, exitCode, id, error: oneLine(message) });
      notes.failure ??= failure;
      reader.print(
        options.json
          ? `${JSON.stringify({ database, id: id ?? null, outcome: 'could not run', reason: message, hint: hint ?? null, exitCode })}\n`
          : `could not run: ${oneLine(database)}: ${oneLine(message)}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`,
      );
    }
  }
  const passed = parts.filter(({ exitCode }) => exitCode === 0).length;
  if (!options.json) reader.print(`${passed} of ${parts.length} drills passed\n`);
  return worstExit(parts.map(({ exitCode }) => exitCode));
}

const everyName = '*';

/** `--allow-missing-extension` may stand without a name, which node's own parser does not know. */
function withNames(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1];
    const isAlone = next === undefined || next.startsWith('-') || next === 'latest' || /^\d{4}-?\d\d-?\d\d/.test(next);
    return arg === '--allow-missing-extension' && isAlone ? `${arg}=${everyName}` : arg;
  });
}
