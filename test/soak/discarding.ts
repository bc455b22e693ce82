import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { s3At, type TestS3 } from '../support/s3.ts';

/** An S3 server in a process of its own that hashes what it gets and keeps none of it, until it is disposed of. */
export async function startDiscarding(): Promise<{ readonly s3: TestS3 } & AsyncDisposable> {
  const script = join(import.meta.dirname, '../support/s3-server/main.ts');
  const server = spawn(process.execPath, [script, '--discard', '--hash'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(server, 'close');
  const [endpoint] = (await once(createInterface(server.stdout), 'line')) as [string];
  return {
    s3: s3At(endpoint, 'ak', 'sk'),
    [Symbol.asyncDispose]: async () => {
      server.kill();
      await closed;
    },
  };
}
