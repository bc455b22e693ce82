import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { startDiscardingServer } from '../discarding-server.ts';
import { measureRounds, roundsText, type Series } from '../rounds.ts';
import type { Section } from '../section.ts';
import { megabytes, table } from '../tables.ts';
import { uploaders, type UploadTarget } from '../uploaders.ts';

const gigabytes = 2;

/** What it costs to put a stream into a store. */
export const upload: Section = {
  name: 'upload',
  summary: 'a stream into a store: processor time and speed, beside `aws s3 cp -` and `rclone rcat`',
  run: async ({ s3: start, machine, size, rounds, folder, say }) => {
    const bytes = gigabytes * 1e9 * size;
    const temporary = join(folder, 'upload');
    mkdirSync(temporary);
    const s3 = await start();
    const bucket = await s3.createBucket();
    await using plain = await startDiscardingServer();
    await using secure = await startDiscardingServer({ tls: true });
    const discarding = { bucket: 'backups', accessKeyId: 'ak', secretAccessKey: 'sk' };
    const targets: UploadTarget[] = [
      { ...s3, id: 'gateway', title: "Ceph's gateway", bucket, checksums: 'required' },
      { ...discarding, id: 'http', title: 'http', endpoint: plain.url, checksums: 'required' },
      { ...discarding, id: 'https', title: 'https', endpoint: secure.url, checksums: 'required', ...secure },
      { ...discarding, id: 'aws', title: 'https and CRC-32', endpoint: secure.url, checksums: 'supported', ...secure },
    ];
    const series: Series[] = [];
    for (const target of targets) {
      const ways = uploaders(target, bytes, temporary);
      // As on AWS: what the other tools do there this release of them cannot be told to do elsewhere.
      const chosen = target.checksums === 'supported' ? ways.filter(({ ours }) => ours) : ways;
      const after = async (): Promise<number> => {
        if (target.bucket === bucket)
          for (const { key } of await s3.objects(bucket))
            await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        return 0;
      };
      series.push(...(await measureRounds(chosen, rounds, { after }, say)));
    }
    const text = `${await machine()} A stream of ${bytes / 1e9} GB out of \`head\`, in parts as each tool makes them by itself, into
Ceph's gateway and into a server that throws the bytes away. ${roundsText(rounds)}. The processor time is that of the tool with
its start and with \`head\`, which is the same for all; node's part is without both. Seconds compare with those of the same
store only.

${uploadTable(series, bytes / 1e9)}`;
    return { text };
  },
};

function uploadTable(series: readonly Series[], gb: number): string {
  const rows = series.map(({ id, title, runs }) => {
    const ours = series.find((one) => one.id === id.replace(/-\w+$/, '-ours'));
    const seconds = median(runs.map((run) => run.seconds));
    const part = median(runs.map(({ stdout }) => Number(/"cpuSecondsPerGB":([\d.]+)/.exec(stdout)?.[1])));
    return [
      title,
      (median(runs.map((run) => run.treeCpuSeconds)) / gb).toFixed(2),
      Number.isNaN(part) ? '' : part.toFixed(2),
      seconds.toFixed(1),
      (seconds / median((ours?.runs ?? []).map((run) => run.seconds))).toFixed(2),
      megabytes(median(runs.map((run) => run.treePeakBytes))),
    ];
  });
  const head = ['', 'CPU, s per GB', "node's part", 'seconds', 'times as long as pg-offsite', 'peak of memory, MB'];
  return table(head, rows);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
