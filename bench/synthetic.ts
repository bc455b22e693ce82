import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestPostgres } from '../test/support/postgres.ts';
import { measure, type Measurement } from './measure.ts';

/**
 * Backs up a stream of so many gigabytes that nothing can compress, made by a program in the place of pg_dump, into a
 * server on loopback that throws it away: what memory costs when the database is that large.
 */
export async function measureSynthetic(server: TestPostgres, gigabytes: number, folder: string): Promise<Measurement> {
  const bin = join(folder, `clients-${gigabytes}`, String(server.major), 'bin');
  const temporary = join(folder, `tmp-${gigabytes}`);
  mkdirSync(bin, { recursive: true });
  mkdirSync(temporary);
  const program = join(bin, 'pg_dump');
  // A cipher's key stream: random to any compressor, and several times as fast as a compressor.
  const stream = `head -c ${gigabytes * 1e9} /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00`;
  const version = `echo "pg_dump (PostgreSQL) ${server.major}.0"`;
  writeFileSync(program, `#!/bin/sh\ncase "$*" in *--version*) ${version}; exit;; esac\n${stream} 2>/dev/null\n`);
  chmodSync(program, 0o755);

  const script = join(import.meta.dirname, '../test/support/s3-server/main.ts');
  const store = spawn(process.execPath, [script, '--discard'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [endpoint] = (await once(createInterface(store.stdout), 'line')) as [string];
    return await measure(join(import.meta.dirname, '../entrypoint.sh'), [], {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: temporary,
      DATABASE_URL: server.url(),
      PG_CLIENTS_DIR: join(folder, `clients-${gigabytes}`),
      BACKUP_DESTINATION: 's3://backups/bench',
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'sk',
      COMPRESSION: 'zstd',
    });
  } finally {
    store.kill();
  }
}
