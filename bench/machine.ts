import { existsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { newestBinDir } from '../test/support/postgres.ts';
import { runCommand } from '../test/support/run-command.ts';

/** What the figures were measured with: a sentence. */
export async function machine(): Promise<string> {
  const [processor] = cpus();
  const aws = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';
  const version = async (program: string, pattern: RegExp) =>
    pattern.exec(await runCommand(program, ['--version']))?.[0] ?? 'unknown';
  const things = [
    `${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${(totalmem() / 1e9).toFixed(0)} GB of memory`,
    `Linux ${release().split('-')[0] ?? ''}`,
    `PostgreSQL ${await version(join(newestBinDir(), 'pg_dump'), /\d+\.\d+/)}`,
    `node ${process.versions.node}`,
    `zstd ${await version('zstd', /\d+\.\d+\.\d+/)}`,
    `age ${await version('age', /\d+\.\d+\.\d+/)}`,
    `aws-cli ${await version(aws, /\d+\.\d+\.\d+/)}`,
    `Ceph ${await version('radosgw', /\d+\.\d+\.\d+/)}`,
  ];
  return `Measured on ${new Date().toISOString().slice(0, 10)} on ${things.join(', ')}.`;
}
