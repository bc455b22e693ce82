/*
 * The image's figures for the README: what each layer adds to the download, and how long a run takes from the start of
 * the container's first process to the first byte out of pg_dump. Builds the image first where needed.
 *
 * usage: node bench/image.ts [RUNS]      (default 7; needs `sh test/support/setup.sh image`)
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, hardened, runContainer } from '../test/support/image/container.ts';
import { startPostgres, type TestPostgres } from '../test/support/postgres.ts';
import { runCommand } from '../test/support/run-command.ts';
import { startS3Server } from '../test/support/s3-server.ts';

const runs = Number(process.argv[2] ?? 7);

interface ImageHistory {
  readonly history: readonly { readonly created_by: string; readonly empty_layer?: boolean }[];
}

/** What a registry would hold and send: the layers as `podman push` compresses them. */
async function printSizes(image: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-image-'));
  try {
    await runCommand('podman', ['push', '--quiet', image, `oci:${folder}:image`]);
    const blob = (digest: string): unknown =>
      JSON.parse(readFileSync(join(folder, 'blobs', digest.replace(':', '/')), 'utf8'));
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    const manifest = blob(index.manifests[0]?.digest ?? '') as {
      config: { digest: string };
      layers: { size: number }[];
    };
    const { history } = blob(manifest.config.digest) as ImageHistory;
    const steps = history.filter((step) => !step.empty_layer).map((step) => step.created_by);
    const total = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
    console.log(`compressed size: ${megabytes(total)}`);
    manifest.layers.forEach((layer, i) => {
      console.log(`${megabytes(layer.size).padStart(10)}  ${(steps[i] ?? '').replaceAll(/\s+/g, ' ').slice(0, 100)}`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

/**
 * Milliseconds since the container's first process: our first connection, pg_dump's connection, and its first data. A
 * custom format dump writes its first byte when it begins its first COPY, so the server's own log tells them all.
 */
async function startTimes(image: string, server: TestPostgres, source: string, store: string): Promise<number[]> {
  const before = server.log().length;
  const run = await runContainer(image, {
    args: ['-c', 'date +%s%3N; exec /usr/bin/tini -- /app/entrypoint.sh'],
    env: {
      DATABASE_URL: source,
      S3_BUCKET: 'backups',
      S3_ENDPOINT: store,
      S3_REGION: 'us-east-1',
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'sk',
    },
    // As the image's own user, whose compiled code it carries.
    flags: [...hardened.filter((flag) => !flag.startsWith('--user')), '--entrypoint=sh'],
  });
  if (run.exitCode !== 0) throw new Error(`the run failed\n${run.stderr}`);
  const start = Number(run.stdout.split('\n')[0]);
  const lines = server.log().slice(before).split('\n');
  return [/connection authorized/, /connection authorized.*application_name=.*pg_dump/, /statement: COPY /].map(
    (event) => {
      const line = lines.find((candidate) => event.test(candidate)) ?? '';
      return Number(/^(\d+\.\d+)/.exec(line)?.[1]) * 1000 - start;
    },
  );
}

const image = await buildImage();
await printSizes(image);

const conf = ["log_line_prefix = '%n '", 'log_connections = on', "log_statement = 'all'"];
await using server = await startPostgres({ password: 'secret', conf });
const source = await server.createDatabase('shop');
await server.psql(
  Array.from({ length: 50 }, (_, i) => `create table t${i} as select * from generate_series(1, 100)`).join(';'),
  'shop',
);
const store = await startS3Server();
const times: number[][] = [];
for (let i = 0; i < runs; i += 1) times.push(await startTimes(image, server, source, store.url));
await store.close();
const names = ['first connection to the database', 'pg_dump connects', "pg_dump's first byte"];
console.log(`milliseconds since the container's first process, median and quickest of ${runs} runs:`);
names.forEach((name, i) => {
  const sorted = times.map((run) => run[i] ?? NaN).sort((a, b) => a - b);
  const [quickest = NaN, median = NaN] = [sorted[0], sorted[Math.floor(runs / 2)]];
  console.log(`${median.toFixed(0).padStart(8)} ${quickest.toFixed(0).padStart(8)}  ${name}`);
});
