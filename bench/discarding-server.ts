import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeServerCertificate } from '../test/support/certificate.ts';

/** An S3 server in a process of its own that throws the bytes away. */
export interface DiscardingServer extends AsyncDisposable {
  readonly url: string;
  /** Path of the certificate that it shows, which is its own authority; undefined without TLS. */
  readonly certificate: string | undefined;
}

/** Starts one on loopback; disposing ends it. */
export async function startDiscardingServer({ tls = false } = {}): Promise<DiscardingServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-discard-'));
  const files = tls ? await makeServerCertificate(folder) : undefined;
  const script = join(import.meta.dirname, '../test/support/s3-server/main.ts');
  const secure = files ? ['--certificate', files[0], '--key', files[1]] : [];
  const child = spawn(process.execPath, [script, '--discard', ...secure], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url,
    certificate: files?.[0],
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
