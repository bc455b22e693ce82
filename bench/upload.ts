import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { Secret } from '../src/config/secret.ts';
import { openStore } from '../src/store/open.ts';

/**
 * What one streamed upload costs this process: peak memory, processor seconds per GB and rate. The stream comes
 * through a pipe and goes to a server in a process of its own that throws the bytes away.
 *   node bench/upload.ts [--gigabytes 1] [--part-mib 8] [--concurrency 4] [--checksums required]
 */
const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '1' },
    'part-mib': { type: 'string', default: '8' },
    concurrency: { type: 'string', default: '4' },
    checksums: { type: 'string', default: 'required' },
  },
});
const total = Number(values.gigabytes) * 1e9;
const script = join(import.meta.dirname, '../test/support/s3-server/main.ts');
const server = spawn(process.execPath, [script, '--discard'], { stdio: ['ignore', 'pipe', 'inherit'] });
const [endpoint] = (await once(createInterface(server.stdout), 'line')) as [string];

const store = openStore(
  {
    kind: 's3',
    bucket: 'backups',
    prefix: 'bench',
    endpoint,
    provider: undefined,
    region: 'us-east-1',
    accessKeyId: new Secret('ak'),
    secretAccessKey: new Secret('sk'),
    sessionToken: undefined,
    forcePathStyle: true,
    storageClass: undefined,
    sse: undefined,
    sseKmsKeyId: undefined,
    tags: false,
    objectLock: undefined,
    partSize: Number(values['part-mib']) * 1024 ** 2,
    maxParts: 10_000,
    uploadConcurrency: Number(values.concurrency),
    checksums: values.checksums as 'required' | 'supported',
    conditionalWrites: 'put',
    requestTimeoutMs: 60_000,
    retryForMs: 60_000,
  },
  pino({ level: 'warn' }, pino.destination(2)),
);

const source = spawn('head', ['-c', String(total), '/dev/zero'], { stdio: ['ignore', 'pipe', 'inherit'] });

const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
await store.putStream('stream', source.stdout, {
  runId: 'bench',
  expectedBytes: total,
  signal: new AbortController().signal,
});
const seconds = (performance.now() - startedAt) / 1000;
const cpu = process.cpuUsage(cpuBefore);
store.close();
server.kill();
console.log(
  JSON.stringify({
    ...values,
    peakMB: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
    cpuSecondsPerGB: Number(((cpu.user + cpu.system) / 1e6 / (total / 1e9)).toFixed(2)),
    megabytesPerSecond: Math.round(total / 1e6 / seconds),
  }),
);
