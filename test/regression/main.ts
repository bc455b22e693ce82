import { chmodSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lanesOf } from '../../src/catalog/lanes.ts';
import { backUp, restoreInto, type StoredBackup, temporaryFolder } from '../roundtrip/round-trip.ts';
import { differences, type Ownership } from '../support/compare.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { loadRegressionDatabase, regressionDatabase } from './load.ts';
import { fetchRegressionTests } from './source.ts';

/*
 * npm run regression: makes the database of PostgreSQL's own regression tests, backs it up with JOBS=1, 2, 4 and 8, restores
 * each with `restore` and with the commands of its RESTORE.md, and compares all that pg_dump says of them. Takes a network,
 * apt with a Debian mirror, and a C compiler. The exit code is 1 where something differs that does not differ, too, after
 * pg_dump | pg_restore.
 */
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const source = regressionDatabase;

/** What the database holds, in one line. */
async function figures(server: TestPostgres): Promise<string> {
  const numbers = await server.psql(
    `SELECT concat_ws(', ',
       count(*) FILTER (WHERE relkind IN ('r', 'p', 'f')) || ' tables',
       count(*) FILTER (WHERE relkind = 'p') || ' of them partitioned',
       count(*) FILTER (WHERE relkind = 'f') || ' foreign',
       count(*) FILTER (WHERE relkind IN ('i', 'I')) || ' indexes',
       count(*) FILTER (WHERE relkind IN ('v', 'm')) || ' views',
       (SELECT count(*) FROM pg_largeobject_metadata) || ' large objects',
       pg_size_pretty(pg_database_size(current_database())))
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'`,
    source,
  );
  return numbers;
}

/** Lines of pg_dump that only one of source and copy has. */
async function changed(server: TestPostgres, copy: string, ownership: Ownership): Promise<string[]> {
  const { lost, added } = await differences(server, source, copy, ownership);
  return [...lost.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)].sort();
}

/** Restores with stock tools alone: what they change is not ours. */
async function stock(server: TestPostgres, copy: string): Promise<void> {
  await server.createDatabase(copy);
  const env = { PATH: process.env['PATH'], ...server.env, BIN: server.binDir, COPY: copy };
  const command = `"$BIN/pg_dump" -Fc -Z0 -d ${source} | "$BIN/pg_restore" --exit-on-error --single-transaction -d "$COPY"`;
  await runCommand('bash', ['-o', 'pipefail', '-c', command], { env });
}

await using folder = await temporaryFolder();
chmodSync(folder.path, 0o755);
await using server = await startPostgres({ conf: ['wal_level = logical'] });
const { version } = await (async () => {
  const tests = await fetchRegressionTests(folder.path, server.major);
  await loadRegressionDatabase(server, tests);
  return tests;
})();
print(`regression tests of PostgreSQL ${version}: ${await figures(server)}`);
await stock(server, 'stock');
const byStockTools: Record<Ownership, ReadonlySet<string>> = {
  'with owners': new Set(await changed(server, 'stock', 'with owners')),
  'without owners': new Set(await changed(server, 'stock', 'without owners')),
};
print(`pg_dump | pg_restore: ${String(byStockTools['with owners'].size)} lines differ`);

for (const jobs of ['1', '2', '4', '8']) {
  const place = join(folder.path, `store-${jobs}`);
  await mkdir(place);
  const store = { BACKUP_DESTINATION: `file://${place}` };
  const backup = await backUp({ DATABASE_URL: server.url(source), JOBS: jobs, ...store });
  const objects = lanesOf(backup.manifest)?.data.length ?? 0;
  print(`JOBS=${jobs}: ${objects === 0 ? 'one object' : `1 lane of definitions, ${String(objects)} of rows`}`);
  const ways = [
    ['restore', 'with owners', (copy: string) => restore(copy, store, [])],
    ...(jobs === '1'
      ? [
          [
            'restore --scratch',
            'with owners',
            (copy: string) => restore(copy, store, ['--scratch', folder.path]),
          ] as const,
        ]
      : []),
    ['RESTORE.md', 'without owners', (copy: string) => byGuide(copy, backup)],
  ] as const;
  for (const [way, ownership, make] of ways) {
    const copy = `copy ${jobs} ${way}`;
    await make(copy);
    const ours = (await changed(server, copy, ownership)).filter((line) => !byStockTools[ownership].has(line));
    print(
      `  ${way}: ${ours.length === 0 ? 'identical' : `${String(ours.length)} lines differ\n${ours.slice(0, 50).join('\n')}`}`,
    );
    if (ours.length > 0) process.exitCode = 1;
    await server.psql(`DROP DATABASE "${copy}"`);
  }
}

async function restore(copy: string, store: Record<string, string>, options: readonly string[]): Promise<void> {
  const script = join(import.meta.dirname, '../../entrypoint.sh');
  const args = ['restore', 'latest', '--create', '--with-owners', ...options];
  const env = { PATH: process.env['PATH'], TARGET_DATABASE_URL: server.url(copy), ...store };
  await runCommand(script, args, { env });
}

async function byGuide(copy: string, { guide }: StoredBackup): Promise<void> {
  const { exitCode, stderr } = await restoreInto(server, copy, guide, { variables: {} });
  if (exitCode !== 0) throw new Error(`the commands of RESTORE.md ended with ${String(exitCode)}\n${stderr}`);
}
