import prettyMs from 'pretty-ms';
import { chooseAmong } from '../catalog/choose.ts';
import { readEntry } from '../catalog/entries.ts';
import { selectBackup } from '../catalog/select.ts';
import { Failure, toFailure } from '../errors.ts';
import { withSession } from '../postgres/with-session.ts';
import { describeComparison, describeLeftOut, summarize } from '../report/comparison.ts';
import { leaveOutByWords } from '../restore/leave-out.ts';
import { readGlobals } from '../restore/read-globals.ts';
import { compareRestored, restoreBackup } from '../restore/restore.ts';
import { scratchAdvice } from '../restore/scope.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { readJobs } from './jobs.ts';
import { openReader } from './reader.ts';
import { GlobalsRestore } from './restore-globals.ts';

const options = {
  database: { type: 'string' },
  create: { type: 'boolean' },
  clean: { type: 'boolean' },
  confirm: { type: 'string' },
  globals: { type: 'boolean' },
  'globals-only': { type: 'boolean' },
  'with-owners': { type: 'boolean' },
  'no-comments': { type: 'boolean' },
  schema: { type: 'string', multiple: true },
  table: { type: 'string', multiple: true },
  'schema-only': { type: 'boolean' },
  'data-only': { type: 'boolean' },
  'leave-out': { type: 'string', multiple: true },
  jobs: { type: 'string' },
  scratch: { type: 'string' },
} as const;

const usage =
  'restore latest|ID|TIME [--database NAME] [--create | --clean --confirm TARGET] [--globals | --globals-only] [--with-owners] [--no-comments] [--schema NAME]… [--table NAME]… [--schema-only | --data-only] [--leave-out KIND]… [--jobs N|auto] [--scratch DIR]';

/** `restore`: one backup into `TARGET_DATABASE_URL`, in one transaction, compared with the manifest afterwards. */
export const restore: Command = {
  summary: 'restore a backup into TARGET_DATABASE_URL',
  usage,
  async run(edge) {
    const { values, positionals } = readArguments(edge.args, options, usage, 1);
    const [selector] = positionals;
    if (selector === undefined) {
      throw new Failure('usage', 'restore needs to know which backup', { hint: `Usage: pg-offsite ${usage}` });
    }
    if (values['schema-only'] === true && values['data-only'] === true) {
      throw new Failure('usage', '--schema-only and --data-only leave nothing to restore', {
        hint: `Usage: pg-offsite ${usage}`,
      });
    }
    const globalsOnly = values['globals-only'] === true;
    if (globalsOnly && Object.keys(values).some((name) => name !== 'globals-only' && name !== 'database')) {
      throw new Failure('usage', '--globals-only goes with --database alone', { hint: `Usage: pg-offsite ${usage}` });
    }
    using reader = openReader(edge);
    const { config, store, log, progress } = reader;
    const jobs = readJobs(values.jobs, config.restoreJobs, usage);
    const { target } = config;
    if (!target) {
      throw new Failure('config', 'TARGET_DATABASE_URL is not set; it names the database to restore into', {
        hint: 'Set it, for example TARGET_DATABASE_URL=postgresql://user:password@db.example.com:5432/shop_restored.',
      });
    }
    if (values.clean === true && values.confirm !== target.database) {
      throw new Failure('target', `--clean drops what the dump holds from the database ${target.database}`, {
        hint: `If that is what you want, add --confirm ${target.database}.`,
      });
    }
    const only = values['schema-only'] === true ? 'schema' : values['data-only'] === true ? 'data' : undefined;
    const named = { store, database: values.database, selector, signal: edge.signal };
    const entry = await chooseAmong(named, (entries) => selectBackup(entries, selector, store.location));
    const manifest = await readEntry(store, entry, edge.signal);
    const searchPath = edge.env.PATH ?? '';
    const asked = { config, store, folder: entry.folder, manifest, searchPath, signal: edge.signal };
    const globals =
      globalsOnly || values.globals === true ? new GlobalsRestore(await readGlobals(asked), reader.print) : undefined;
    if (globals && globalsOnly) {
      await withSession(target, edge.signal, globals.apply);
      globals.demandAll(`restored roles and tablespaces of ${manifest.database} ${manifest.id}`);
      return 0;
    }
    const words = values['leave-out'];
    const parts = {
      withOwners: values['with-owners'] === true,
      withComments: values['no-comments'] !== true,
      clean: values.clean === true,
      schemas: values.schema ?? [],
      tables: values.table ?? [],
      only,
    } as const;
    const advice = values.scratch === undefined ? scratchAdvice(manifest, parts) : undefined;
    if (advice !== undefined) log.info(advice);
    const restored = await restoreBackup({
      ...asked,
      target,
      options: parts,
      create: values.create === true,
      jobs,
      scratch: values.scratch,
      leaveOut: words === undefined ? undefined : leaveOutByWords(words),
      ...(globals && { globals }),
      log: log.child({ database: entry.database, id: entry.id }),
      progress,
    });
    reader.print(describeLeftOut(restored.leftOut));
    const compared = await compareRestored(target, manifest, restored.scope, edge.signal).catch((error: unknown) => {
      throw notCompared(edge.signal.aborted ? edge.signal.reason : error, target.database);
    });
    reader.print(describeComparison(compared));
    if (globals) await withSession(target, edge.signal, globals.applySettings);
    const { id, database } = manifest;
    const told = summarize(compared);
    if (compared.some(({ outcome }) => outcome === 'different')) {
      throw new Failure('verification', `restored ${database} ${id} into ${target.database}, but ${told}`, {
        hint: 'The table above says where. Does something else write into the target?',
      });
    }
    reader.print(`restored ${database} ${id} into ${target.database} in ${prettyMs(restored.restoreMs)}; ${told}\n`);
    globals?.demandAll(`restored ${database} ${id} into ${target.database}`);
    return 0;
  },
};

/** Everything is committed by then, which whoever tries again would find out from a target that is not empty. */
function notCompared(thrown: unknown, database: string): Failure {
  const { kind, message, hint, retryable } = toFailure(thrown);
  const advice = 'Count its rows before you use it, or restore again into another database.';
  return new Failure(kind, `${message}; the backup was restored into ${database}, but was not compared to the end`, {
    hint: hint === undefined ? advice : `${hint} ${advice}`,
    cause: thrown,
    retryable,
  });
}
