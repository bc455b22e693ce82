import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { type Copied, copiedInto, copiedIn } from './copied.ts';
import type { Laboratory } from './laboratory.ts';
import { type Large, largeDatabase, makeLarge } from './large-database.ts';
import { runOnce } from './one-run.ts';
import { sample, type Samples } from './sample.ts';

/** What node may hold, in MB, however large the database is. */
const mostMB = 200;
/** Processes of a run besides node: pg_dump, the compressor and the encryptor. */
const mostPrograms = 3;
const mostDescriptors = 60;

/** How large, and stored how. */
export interface LargeOptions {
  readonly gigabytes: number;
  /** `none`: all bytes travel, to a server that hashes them and throws them away. `zstd`: they are kept, and read back. */
  readonly compression: 'zstd' | 'none';
  /** `S3_PART_SIZE`. */
  readonly partSize: string;
  readonly signal: AbortSignal;
  readonly sampleEveryMs?: number;
  /** Variables of the run, such as those of a program that is broken on purpose. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Gets what is known by the way. */
  readonly say?: (text: string) => void;
}

/** What was found. */
export interface LargeFigures {
  readonly large: Large;
  readonly samples: Samples;
  /** Of the dump as it is stored. */
  readonly storedBytes: number;
  readonly parts: number;
  readonly seconds: number;
  /** The most that node held, in MB: by the kernel, between samples too. */
  readonly peakMB: number;
  /** The rows of the database, as COPY writes them. */
  readonly rows: Copied | undefined;
  readonly wrong: readonly string[];
}

/** Backs up one large database and looks at the run while it goes; then everything that was stored is read or compared. */
export async function soakLarge(laboratory: Laboratory, options: LargeOptions): Promise<LargeFigures> {
  const { gigabytes, compression, partSize, signal, sampleEveryMs = 500, variables, say = () => undefined } = options;
  const { postgres } = laboratory;
  const large = await makeLarge(postgres, gigabytes);
  say(`the database has ${large.rows} rows in ${Math.round(large.diskBytes / 1e6)} MB on disk`);
  const kept = compression === 'zstd';
  let watched: ReturnType<typeof sample> | undefined;
  const looked = await runOnce(
    laboratory,
    [],
    {
      DATABASE_URL: postgres.url(largeDatabase),
      COMPRESSION: compression,
      S3_PART_SIZE: partSize,
      ...(kept && { VERIFY: 'download' }),
      BACKUP_ATTEMPTS: '1',
      ...variables,
    },
    { signal, onStart: (pid) => (watched = sample(pid, sampleEveryMs)) },
  );
  watched?.stop();
  if (!watched) throw new Error('nothing was started');
  const { samples } = watched;
  const seconds = looked.durationMs / 1000;
  const peakMB = (looked.atExit?.peakBytes ?? NaN) / 1e6;
  const figures = { large, samples, seconds, peakMB };
  const wrong = [...looked.wrong, ...notFlat(figures)];
  if (looked.exitCode !== 0) return { ...figures, storedBytes: 0, parts: 0, rows: undefined, wrong };
  const result = JSON.parse(looked.stdout) as { sha256: string; location: string };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'pg-offsite-soak-dump-'));
  const dump = await storedDump(laboratory, result.location, folder.path);
  say(`stored ${Math.round(dump.bytes / 1e6)} MB in ${dump.parts} parts within ${Math.round(seconds)} s`);
  let rows: Copied | undefined;
  if (kept) {
    const verified = await runOnce(
      laboratory,
      ['verify', 'latest', '--database', largeDatabase],
      laboratory.keys.opening({ signed: false }),
    );
    wrong.push(...verified.wrong.map((text) => `verify: ${text}`));
    say('verified; reading it back');
    try {
      const stored = copiedIn(await dump.read(), openingCommand(laboratory), postgres, signal);
      const [expected, read] = await Promise.all([copiedInto(postgres, large.rows, signal), stored]);
      rows = expected;
      if (read.sha256 !== rows.sha256) wrong.push(`other rows were stored: ${JSON.stringify({ rows, read })}`);
    } catch (error) {
      // What was seen of the run is told all the same.
      wrong.push(`reading back: ${String(error)}`);
    }
  } else if (dump.sha256 !== result.sha256) {
    wrong.push(`the store got ${String(dump.sha256)}, and the result says ${result.sha256}`);
  }
  return { ...figures, storedBytes: dump.bytes, parts: dump.parts, rows, wrong };
}

function notFlat({ samples, seconds, peakMB }: Pick<LargeFigures, 'samples' | 'seconds' | 'peakMB'>): string[] {
  const { memory, descriptors, children } = samples;
  const [early, late] = [Math.max(memory.firstTenth.median, memory.secondTenth.median), memory.lastTenth.median];
  // A short run is nearly all beginning.
  const grew = seconds > 120 && late > early * 1.2;
  return [
    ...(peakMB < mostMB ? [] : [`node held ${peakMB.toFixed(0)} MB`]),
    ...(grew ? [`node's memory grew from ${early.toFixed(0)} to ${late.toFixed(0)} MB`] : []),
    ...(descriptors.most <= mostDescriptors ? [] : [`node had ${descriptors.most} descriptors`]),
    ...(children.most <= mostPrograms ? [] : [`there were ${children.most} programs at once`]),
  ];
}

function openingCommand({ keys }: Laboratory): string {
  return `age -d -i '${keys.identityFile}' | zstd -dc`;
}

async function storedDump({ s3, bucket }: Laboratory, location: string, folder: string) {
  const prefix = location.slice(`s3://${bucket}/`.length);
  const dump = (await s3.objects(bucket)).find(({ key }) => key.startsWith(`${prefix}/database.dump`));
  if (!dump) throw new Error(`there is no dump in ${location}`);
  const which = { Bucket: bucket, Key: dump.key };
  const head = await s3.client.send(new HeadObjectCommand(which));
  return {
    bytes: dump.bytes,
    // An ETag ends with their number.
    parts: Number(/-(\d+)"?$/.exec(head.ETag ?? '')?.[1] ?? 1),
    /** What came in, where the server says it. */
    sha256: head.Metadata?.['sha256'],
    /** Downloaded first, as RESTORE.md does: the gateway ends a download whose reader is much slower. */
    read: async () => {
      const file = join(folder, 'database.dump');
      await pipeline((await s3.client.send(new GetObjectCommand(which))).Body as Readable, createWriteStream(file));
      return createReadStream(file);
    },
  };
}
