import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runCommand } from '../run-command.ts';

/** An archive of packages on loopback. */
export interface ForeignArchive {
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Serves an archive that is whole, and signed, but by nobody whom the image's build trusts. About 10 s. */
export async function serveForeignArchive(): Promise<ForeignArchive> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-archive-'));
  await runCommand(join(import.meta.dirname, 'standin-archive.sh'), [folder, 'libpq5']);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'serve-archive.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
