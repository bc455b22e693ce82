import prettyMs from 'pretty-ms';
import { listCatalog } from '../catalog/entries.ts';
import { selectBackup } from '../catalog/select.ts';
import { Failure } from '../errors.ts';
import { renderTable } from '../report/table.ts';
import type { Comparison } from '../restore/compare.ts';
import { restoreBackup } from '../restore/restore.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { openReader } from './reader.ts';

const options = {
  database: { type: 'string' },
  create: { type: 'boolean' },
  clean: { type: 'boolean' },
  confirm: { type: 'string' },
  'with-owners': { type: 'boolean' },
  'no-comments': { type: 'boolean' },
  schema: { type: 'string', multiple: true },
  table: { type: 'string', multiple: true },
  'schema-only': { type: 'boolean' },
  'data-only': { type: 'boolean' },
} as const;

const usage =
  'restore latest|ID|TIME [--database NAME] [--create | --clean --confirm TARGET] [--with-owners] [--no-comments] [--schema NAME]… [--table NAME]… [--schema-only | --data-only]';

/** `restore`: one backup into `TARGET_DATABASE_URL`, in one transaction, compared with the manifest afterwards. */
export const restore: Command = {
  summary: 'restore a backup into TARGET_DATABASE_URL',
  async run(edge) {
    const { values, positionals } = readArguments(edge.args, options, usage, 1);
    const [selector] = positionals;
    if (selector === undefined) {
      throw new Failure('usage', 'restore needs to know which backup', { hint: `Usage: pg-offsite ${usage}` });
    }
    if (values['schema-only'] === true && values['data-only'] === true) {
      throw new Failure('usage', '--schema-only and --data-only leave nothing to restore', { hint: `Usage: ${usage}` });
    }
    using reader = openReader(edge);
    const { config, store, log } = reader;
    const { target } = config;
    if (!target) {
      throw new Failure('config', 'TARGET_DATABASE_URL is not set; it names the database to restore into', {
        hint: 'For example TARGET_DATABASE_URL=postgresql://user:password@db.example.com:5432/shop_restored',
      });
    }
    if (values.clean === true && values.confirm !== target.database) {
      throw new Failure('target', `--clean drops what the dump holds from the database ${target.database}`, {
        hint: `If that is what you want, add --confirm ${target.database}.`,
      });
    }
    const { entries } = await listCatalog(store, values.database, edge.signal);
    const only = values['schema-only'] === true ? 'schema' : values['data-only'] === true ? 'data' : undefined;
    const restored = await restoreBackup({
      config,
      store,
      entry: selectBackup(entries, selector, store.location),
      target,
      options: {
        withOwners: values['with-owners'] === true,
        withComments: values['no-comments'] !== true,
        clean: values.clean === true,
        schemas: values.schema ?? [],
        tables: values.table ?? [],
        only,
      },
      create: values.create === true,
      searchPath: edge.env.PATH ?? '',
      log,
      signal: edge.signal,
    });
    reader.print(describeComparison(restored.compared));
    const differences = restored.compared.filter(({ same }) => !same).length;
    const { id, database } = restored.manifest;
    const took = prettyMs(restored.durationMs);
    if (differences > 0) {
      throw new Failure(
        'verification',
        `restored ${database} ${id} into ${target.database}, but ${String(differences)} of ${String(restored.compared.length)} comparisons differ`,
        {
          hint: 'The table above says where. Does something else write into the target?',
        },
      );
    }
    reader.print(
      `restored ${database} ${id} into ${target.database} in ${took}; ${String(restored.compared.length)} comparisons with the manifest, no difference\n`,
    );
    return 0;
  },
};

/** A line for each thing that was compared. */
function describeComparison(compared: readonly Comparison[]): string {
  return renderTable(
    [{ title: 'COMPARED' }, { title: 'BACKUP', align: 'right' }, { title: 'RESTORED', align: 'right' }, { title: '' }],
    compared.map(({ what, expected, found, same }) => [what, expected, found, same ? 'same' : 'DIFFERENT']),
  );
}
