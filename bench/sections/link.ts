import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Contestant, ownBackup } from '../contestants.ts';
import { splitTables } from '../database.ts';
import { figuresOf, roundsOf } from '../figures.ts';
import { type Place, removeStored, storedBytes } from '../place.ts';
import { measureRounds, roundsText } from '../rounds.ts';
import type { Section } from '../section.ts';
import { secondsText, table } from '../tables.ts';

/** Backups over a link that is slow for each connection. */
export const link: Section = {
  name: 'link',
  summary: 'backups in 1 and 4 lanes where each connection has 20 ms and 200 Mbit/s',
  run: async (bench) => {
    const { place: open, machine, say } = bench;
    const place = await open();
    say('dividing the tables');
    const { url, bytes } = await splitTables(place.server);
    const { host, port } = new URL(place.s3.endpoint);
    const script = join(import.meta.dirname, '../slow-link.ts');
    const to = ['--to', host, '--to', `${place.server.host}:${place.server.port}`];
    const slow = spawn(process.execPath, [script, ...to], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(createInterface(slow.stdout), 'line')) as [string];
      const [storePort = '', databasePort = ''] = line.split(' ');
      const farStore = place.s3.endpoint.replace(`:${port}`, `:${storePort}`);
      const farDatabase = url.replace(`:${place.server.port}/`, `:${databasePort}/`);
      const around = {
        before: ({ id }: { readonly id: string }) => removeStored(place, id),
        after: ({ id }: { readonly id: string }) => storedBytes(place, id),
      };
      const series = await measureRounds(
        contestants(place, url, farDatabase, farStore),
        bench.rounds,
        around,
        bench.say,
        bench.isLate,
      );
      const figures = figuresOf(series, { databaseBytes: bytes });
      const seconds = (id: string) => figures.ways.find((way) => way.id === id)?.seconds ?? NaN;
      const rows = figures.ways.map((way) => [
        way.title,
        secondsText(way),
        (seconds(way.id.replace('lanes-4', 'lanes-1')) / way.seconds).toFixed(2),
        `${(way.use.busy * 100).toFixed(0)} %`,
      ]);
      const text = `${await machine()} The same rows, each of the three tables divided into four, encrypted with age. Each
connection goes through a relay on this machine that carries 200 Mbit/s each way, with a round trip of 20 ms; the relay takes
its share of the processors, too. ${roundsText(roundsOf(figures))}.

${table(['', 'seconds, median (range)', 'times as fast as one lane', 'processors in use'], rows)}

A lane uploads four parts at once, over as many connections: before a store alone even one lane has 800 Mbit/s, which is
more than it has to send. Its rows come over one connection; that is where lanes help.`;
      return { text, figures };
    } finally {
      slow.stdin.end();
    }
  },
};

function contestants(place: Place, near: string, farDatabase: string, farStore: string): Contestant[] {
  const ways: { id: string; title: string; url: string; variables: Record<string, string> }[] = [
    { id: 'store', title: 'store far', url: near, variables: {} },
    {
      id: 'store-one-part',
      title: 'store far, `S3_UPLOAD_CONCURRENCY=1`',
      url: near,
      variables: { S3_UPLOAD_CONCURRENCY: '1' },
    },
    { id: 'both', title: 'store and database far', url: farDatabase, variables: {} },
  ];
  return ways.flatMap(({ id, title, url, variables }) =>
    [1, 4].map((jobs) =>
      ownBackup(
        { ...place, databaseUrl: url },
        `link-${id}-lanes-${jobs}`,
        `${title}, ${jobs} lane${jobs === 1 ? '' : 's'}`,
        {
          S3_ENDPOINT: farStore,
          JOBS: String(jobs),
          AGE_RECIPIENTS: place.recipient,
          ...variables,
        },
      ),
    ),
  );
}
