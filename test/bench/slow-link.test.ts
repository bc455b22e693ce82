import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';

test('the slow link carries every byte both ways, passes an end on, and no faster than it says', async (t) => {
  // Answers only when it has all, so that both directions are paid for one after the other.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void buffer(socket).then((all) => socket.end(all));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const script = join(import.meta.dirname, '../../bench/slow-link.ts');
  const to = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = spawn(process.execPath, [script, '--to', to, '--megabits', '80', '--ms', '20'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => link.stdin.end());
  const [port] = (await once(createInterface(link.stdout), 'line')) as [string];

  const sent = randomBytes(2_000_000);
  const startedAt = performance.now();
  const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
  const [received] = await Promise.all([buffer(socket), pipeline([sent], socket, { end: true })]);
  const ms = performance.now() - startedAt;

  assert.ok(received.equals(sent));
  // 2 MB at 10 MB a second, twice, and a round trip; a busy machine only makes it more.
  assert.ok(ms >= 2 * 200 + 20, `${ms} ms`);
});
