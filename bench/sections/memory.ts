import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Contestant } from '../contestants.ts';
import { figuresOf } from '../figures.ts';
import { measureRounds, type Series } from '../rounds.ts';
import type { Section } from '../section.ts';
import { createSyntheticDatabase } from '../synthetic.ts';
import { megabytes, table } from '../tables.ts';

const gigabytes = [1, 5, 20];

/** Memory against the size of the dump. */
export const memory: Section = {
  name: 'memory',
  summary: 'memory against the size of the database: dumps of 1, 5 and 20 GB in 1 and 4 lanes',
  run: async ({ server: start, machine, size, folder, say }) => {
    const server = await start();
    const database = await createSyntheticDatabase(server);
    const temporary = join(folder, 'memory');
    mkdirSync(temporary);
    const script = join(import.meta.dirname, '../../test/support/s3-server/main.ts');
    const store = spawn(process.execPath, [script, '--discard'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const series: Series[] = [];
    try {
      const [endpoint] = (await once(createInterface(store.stdout), 'line')) as [string];
      for (const each of gigabytes) {
        await database.grow(each * size);
        const ways = [1, 4].map((jobs): Contestant => {
          const id = `lanes-${jobs}-of-${each}`;
          return {
            id,
            title: `${each * size} GB, ${jobs} lane${jobs === 1 ? '' : 's'}`,
            ours: true,
            program: join(import.meta.dirname, '../../entrypoint.sh'),
            args: [],
            env: {
              PATH: process.env['PATH'] ?? '',
              TMPDIR: temporary,
              DATABASE_URL: database.url,
              BACKUP_DESTINATION: `s3://backups/${id}`,
              S3_ENDPOINT: endpoint,
              S3_ACCESS_KEY_ID: 'ak',
              S3_SECRET_ACCESS_KEY: 'sk',
              COMPRESSION: 'none',
              JOBS: String(jobs),
            },
          };
        });
        series.push(...(await measureRounds(ways, 1, {}, say)));
      }
    } finally {
      store.kill();
    }
    const figures = figuresOf(series, { databaseBytes: 0 });
    const head = ['dump', 'seconds', "node's peak, MB", "everything's peak, MB", "node's CPU, s", 'CPU of all, s'];
    const rows = figures.ways.map((way) => [
      way.title,
      way.seconds.toFixed(1),
      megabytes(way.peakBytes),
      megabytes(way.treePeakBytes),
      way.cpuSeconds.toFixed(1),
      way.treeCpuSeconds.toFixed(1),
      megabytes(way.temporaryBytes),
      megabytes(way.diskBytes),
    ]);
    const text = `${await machine()} Eight tables of texts that the server keeps compressed, dumped with
\`COMPRESSION=none\` and unencrypted, so that every byte goes through node, into a server that discards it. One run of each.
Everything is node with \`pg_dump\` and what else it started, pages that several share counted for each.

${table([...head, 'temporary files, MB', 'written to disk, MB'], rows)}`;
    return { text, figures };
  },
};
