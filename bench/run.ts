import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { startCeph } from '../test/support/ceph.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { runCommand } from '../test/support/run-command.ts';
import { s3At } from '../test/support/s3.ts';
import { contestants } from './contestants.ts';
import { benchServerConf, createBenchDatabase } from './database.ts';
import { measure, type Measurement } from './measure.ts';
import { comparisonTable, machine, memoryTable, type Series } from './results.ts';
import { measureSynthetic } from './synthetic.ts';

/*
 * `npm run bench`: the figures that the README quotes, measured side by side on this machine. Writes bench/RESULTS.md,
 * or at another scale than 1 prints it only. BENCH_SCALE=0.05 makes a small database, BENCH_ROUNDS=1 a quick run,
 * BENCH_STREAMS=1,10 chooses the sizes of the synthetic streams in GB (empty: none).
 */
const scale = Number(process.env['BENCH_SCALE'] || 1);
const rounds = Number(process.env['BENCH_ROUNDS'] || 3);
const streams = (process.env['BENCH_STREAMS'] ?? '1,10').split(',').filter(Boolean).map(Number);

const say = (text: string) => console.error(`bench: ${text}`);
const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

say('starting the S3 gateway and PostgreSQL');
await using gateway = await startCeph({ blockBytes: 30_000_000_000 });
await using server = await startPostgres({ conf: [...benchServerConf] });
const s3 = s3At(gateway.endpoint, gateway.accessKeyId, gateway.secretAccessKey);
say(`creating the database at scale ${scale}`);
const database = await createBenchDatabase(server, scale);
say(`${(database.bytes / 1e9).toFixed(2)} GB`);

const bucket = await s3.createBucket();
const temporary = join(folder, 'tmp');
mkdirSync(temporary);
const recipient = /age1\w+/.exec(await runCommand('age-keygen', []))?.[0] ?? '';
const ways = contestants({ server, databaseUrl: database.url, s3, bucket, temporary, recipient });
const measured = ways.map(() => ({ runs: [] as Measurement[], storedBytes: 0 }));
const [floor] = ways;
if (floor) await measure(floor.program, floor.args, floor.env); // so that the first round reads from memory, too
for (let round = 1; round <= rounds; round += 1) {
  for (const [i, way] of ways.entries()) {
    const run = await measure(way.program, way.args, way.env);
    const objects = await s3.objects(bucket);
    measured[i]?.runs.push(run);
    if (measured[i]) measured[i].storedBytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    for (const { key } of objects) await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    say(`round ${round} of ${rounds}: ${run.seconds.toFixed(1)} s ${way.title}`);
  }
}
const series: Series[] = ways.map((way, i) => ({ ...way, runs: [], storedBytes: 0, ...measured[i] }));

const synthetic: { gigabytes: number; run: Measurement }[] = [];
for (const gigabytes of streams) {
  say(`a stream of ${gigabytes} GB`);
  synthetic.push({ gigabytes, run: await measureSynthetic(server, gigabytes, folder) });
}

const page = `# How fast

Made by \`npm run bench\`. ${await machine(server)}.

A database of ${(database.bytes / 1e9).toFixed(2)} GB into Ceph's S3 gateway; database, gateway and backup share the
machine. ${rounds} round${rounds === 1 ? '' : 's'}, the ways one after the other in each.

${comparisonTable(series)}
${
  synthetic.length === 0
    ? ''
    : `
Memory does not grow with the database: a stream of random bytes in the place of a dump, into a server that discards it.

${memoryTable(synthetic)}
`
}`;
console.log(page);
if (scale === 1) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), page);
