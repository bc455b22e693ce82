import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startS3Server } from '../s3-server.ts';

/**
 * The server as a process of its own:
 *   node test/support/s3-server/main.ts [--port N] [--bucket NAME]... [--access-key AK] [--discard] [--hash]
 * Prints its address as one line once it listens, and ends on SIGTERM or SIGINT.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    bucket: { type: 'string', multiple: true, default: ['backups'] },
    'access-key': { type: 'string', default: 'ak' },
    discard: { type: 'boolean', default: false },
    certificate: { type: 'string' },
    key: { type: 'string' },
    hash: { type: 'boolean', default: false },
  },
});
const { certificate, key } = values;
const server = await startS3Server({
  ...(certificate !== undefined &&
    key !== undefined && { tls: { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') } }),
  port: Number(values.port),
  buckets: values.bucket,
  accessKeyId: values['access-key'],
  discard: values.discard,
  hash: values.hash,
});
process.stdout.write(`${server.url}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
