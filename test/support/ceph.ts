import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';

/** A running S3 gateway. Stop it, or use it with `await using`; it also ends when this process does. */
export interface CephGateway {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a one-node Ceph with its S3 gateway on a free port of 127.0.0.1, in a temporary folder. About 15 s. */
export async function startCeph(options: { readonly blockBytes?: number } = {}): Promise<CephGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-ceph-'));
  const [port, monitorPort] = [await freePort(), await freePort()];
  const script = join(import.meta.dirname, 'ceph.sh');
  const args = [script, folder, String(port), String(monitorPort), String(options.blockBytes ?? 8_000_000_000)];
  const child = spawn('sh', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const stderr = text(child.stderr);
  const ready = await Promise.race([
    once(createInterface(child.stdout), 'line').then(() => true),
    closed.then(() => false),
  ]);
  if (!ready) throw new Error(`the Ceph gateway did not start\n${await stderr}`);
  await waitForPort(port);
  const stop = async () => {
    child.stdin.end();
    await closed;
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'ak',
    secretAccessKey: 'sksksksksk',
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(100);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}
