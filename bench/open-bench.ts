import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCeph } from '../test/support/ceph.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { s3At } from '../test/support/s3.ts';
import { addBenchIndexes, benchServerConf, createBenchDatabase } from './database.ts';
import { machine } from './machine.ts';
import { makePlace } from './place.ts';
import type { Bench } from './section.ts';

/** As the command line has them. */
export interface BenchOptions {
  readonly size: number;
  readonly rounds: number;
  /** Infinity where there is no limit. */
  readonly minutes: number;
}

/** Opens what sections share; dispose of it to end the servers and remove the folder. */
export function openBench({ size, rounds, minutes }: BenchOptions): Bench & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  opened.defer(remove);

  const say = (text: string) => console.error(`bench: ${text}`);
  const server = once(async () => {
    say('starting PostgreSQL');
    return opened.use(await startPostgres({ conf: [...benchServerConf] }));
  });
  const database = once(async () => {
    say(`creating the database at size ${size}`);
    const made = await createBenchDatabase(await server(), size);
    await addBenchIndexes(await server());
    return made;
  });
  const s3 = once(async () => {
    const { TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY } = process.env;
    if (TEST_S3_ENDPOINT && TEST_S3_ACCESS_KEY && TEST_S3_SECRET_KEY)
      return s3At(TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY);
    say('starting the S3 gateway');
    const gateway = opened.use(await startCeph({ blockBytes: 30_000_000_000 }));
    return s3At(gateway.endpoint, gateway.accessKeyId, gateway.secretAccessKey);
  });
  const place = once(async () => {
    const [on, { url }, store] = [await server(), await database(), await s3()];
    return makePlace({ server: on, databaseUrl: url, s3: store, folder });
  });
  return {
    size,
    rounds,
    isLate: () => performance.now() > minutes * 60_000,
    folder,
    say,
    server,
    database,
    s3,
    place,
    machine: once(() => machine()),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
