import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCeph } from '../test/support/ceph.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { runCommand } from '../test/support/run-command.ts';
import { s3At } from '../test/support/s3.ts';
import { measureBackups } from './backups.ts';
import type { Place } from './contestants.ts';
import { addBenchIndexes, benchServerConf, createBenchDatabase } from './database.ts';
import type { Measurement } from './measure.ts';
import { writeSection } from './page.ts';
import { measureRestores, targetConf } from './restores.ts';
import { comparisonTable, machine, memoryTable, restoreTable, shortTable } from './results.ts';
import { measureSynthetic } from './synthetic.ts';

/*
 * `npm run bench`: the figures that the README quotes, measured side by side on this machine; `npm run bench -- restore`
 * only those of restores (or `backup`, `memory`). Writes its sections of bench/RESULTS.md and the README's tables, or at
 * another scale than 1 prints them only. BENCH_SCALE=0.05 makes a small database, BENCH_ROUNDS=1 a quick run,
 * BENCH_STREAMS=1,10 chooses the sizes of the synthetic streams in GB.
 */
const parts = ['backup', 'restore', 'memory'];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : parts;
const unknown = wanted.filter((part) => !parts.includes(part));
if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')} to measure, only ${parts.join(', ')}`);
const scale = Number(process.env['BENCH_SCALE'] || 1);
const rounds = Number(process.env['BENCH_ROUNDS'] || 3);
const streams = (process.env['BENCH_STREAMS'] ?? '1,10').split(',').filter(Boolean).map(Number);

const say = (text: string) => console.error(`bench: ${text}`);
const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

say('starting the S3 gateway and PostgreSQL');
await using gateway = await startCeph({ blockBytes: 30_000_000_000 });
await using server = await startPostgres({ conf: [...benchServerConf] });
const tell = (section: string, text: string, table?: string) => {
  console.log(text);
  if (scale !== 1) return;
  writeSection(join(import.meta.dirname, 'RESULTS.md'), section, text);
  const readme = join(import.meta.dirname, '../README.md');
  if (table !== undefined) writeSection(readme, `bench-${section}`, table);
};
const measuredOn = `Measured on ${await machine(server)}.`;
const roundsText = `${rounds} round${rounds === 1 ? '' : 's'}, the ways one after the other in each`;

if (wanted.includes('backup') || wanted.includes('restore')) {
  say(`creating the database at scale ${scale}`);
  const database = await createBenchDatabase(server, scale);
  say(`${(database.bytes / 1e9).toFixed(2)} GB`);
  const s3 = s3At(gateway.endpoint, gateway.accessKeyId, gateway.secretAccessKey);
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const keys = await runCommand('age-keygen', []);
  const recipient = /age1\w+/.exec(keys)?.[0] ?? '';
  const place = async (): Promise<Place> => {
    return { server, databaseUrl: database.url, s3, bucket: await s3.createBucket(), temporary, recipient };
  };

  if (wanted.includes('backup')) {
    const series = await measureBackups(await place(), rounds, say);
    const text = `${measuredOn} A database of ${(database.bytes / 1e9).toFixed(2)} GB into Ceph's S3 gateway; database,
gateway and backup share the machine. ${roundsText}.

${comparisonTable(series)}`;
    const [floor, ...others] = series;
    tell('backup', text, `<!-- prettier-ignore -->\n${shortTable(floor ? [...others, floor] : others)}`);
  }
  if (wanted.includes('restore')) {
    const identity = /AGE-SECRET-KEY-1\w+/.exec(keys)?.[0] ?? '';
    const plain = await measureRestores(await place(), database.name, identity, rounds, say);
    say('adding indexes');
    await addBenchIndexes(server);
    const indexed = await measureRestores(await place(), database.name, identity, rounds, say);
    const text = `${measuredOn} The same database from the gateway into an empty one on a second server with
\`${targetConf.join('`, `')}\`. Download, decryption and, for pg-offsite, SHA-256 and the comparison with the manifest are
in the seconds. Every way's rows were compared with the source's in its first round. ${roundsText}.

${restoreTable(plain)}

With a primary key on each of the three tables and one more index:

${restoreTable(indexed)}`;
    const intro = 'And back from there into an empty database, on a server that flushes what it writes to its disk:';
    tell('restore', text, `${intro}\n\n<!-- prettier-ignore -->\n${shortTable(plain)}`);
  }
}

if (wanted.includes('memory')) {
  const synthetic: { gigabytes: number; run: Measurement }[] = [];
  for (const gigabytes of streams) {
    say(`a stream of ${gigabytes} GB`);
    synthetic.push({ gigabytes, run: await measureSynthetic(server, gigabytes, folder) });
  }
  const text = `${measuredOn} A stream of random bytes in the place of a dump, into a server that discards it: memory does not
grow with the database.

${memoryTable(synthetic)}`;
  tell('memory', text);
}
