import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { storeLane } from '../src/backup/lane.ts';
import { Secret } from '../src/config/secret.ts';
import { openStore } from '../src/store/open.ts';
import { startDiscardingServer } from './discarding-server.ts';

/**
 * What one lane costs the process that uploads it: peak memory, processor seconds per GB and rate. The stream comes out
 * of a program, as a dump does, is measured and goes to a server in a process of its own: one that throws the bytes away,
 * or the one named.
 *   node bench/upload.ts [--gigabytes 1] [--part-mib 8] [--concurrency 4] [--checksums required] [--tls]
 *   node bench/upload.ts --endpoint http://… --bucket backups     (keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)
 * Over TLS run it with NODE_EXTRA_CA_CERTS, or NODE_TLS_REJECT_UNAUTHORIZED=0 where --tls has made a certificate.
 */
const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '1' },
    'part-mib': { type: 'string', default: '8' },
    concurrency: { type: 'string', default: '4' },
    checksums: { type: 'string', default: 'required' },
    tls: { type: 'boolean', default: false },
    endpoint: { type: 'string' },
    bucket: { type: 'string', default: 'backups' },
    source: { type: 'string', default: '/dev/zero' },
  },
});
const total = Number(values.gigabytes) * 1e9;
await using server = values.endpoint === undefined ? await startDiscardingServer({ tls: values.tls }) : undefined;

const log = pino({ level: 'warn' }, pino.destination(2));
const store = openStore(
  {
    kind: 's3',
    bucket: values.bucket,
    prefix: 'bench',
    endpoint: values.endpoint ?? server?.url,
    provider: undefined,
    region: 'us-east-1',
    accessKeyId: new Secret(process.env['AWS_ACCESS_KEY_ID'] ?? 'ak'),
    secretAccessKey: new Secret(process.env['AWS_SECRET_ACCESS_KEY'] ?? 'sk'),
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
  log,
);

const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
await storeLane({
  store,
  key: 'ours',
  runId: 'bench',
  name: 'bench',
  stages: () => [
    { name: 'head', program: '/usr/bin/head', args: ['-c', String(total), values.source], env: { LC_ALL: 'C' } },
  ],
  emptyBytes: 0,
  expectedBytes: total,
  stallTimeoutMs: 60_000,
  progress: { follow: () => ({ [Symbol.dispose]: () => undefined }) },
  log,
  signal: new AbortController().signal,
});
const seconds = (performance.now() - startedAt) / 1000;
const cpu = process.cpuUsage(cpuBefore);
store.close();
const perGb = (microseconds: number) => Number((microseconds / 1e6 / (total / 1e9)).toFixed(2));
console.log(
  JSON.stringify({
    ...values,
    peakMB: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
    cpuSecondsPerGB: perGb(cpu.user + cpu.system),
    userPerGB: perGb(cpu.user),
    systemPerGB: perGb(cpu.system),
    megabytesPerSecond: Math.round(total / 1e6 / seconds),
  }),
);
