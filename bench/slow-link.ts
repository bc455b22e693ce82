import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/*
 * A link that is slow for each connection, as those to far stores and databases are:
 *   node bench/slow-link.ts --to 127.0.0.1:5432 [--to …] [--megabits 200] [--ms 20]
 * Listens for each address on a port of its own, prints the ports in one line, and ends with its stdin. Each direction of each connection carries
 * so many megabits a second, and what is sent arrives half of the latency later: a round trip takes all of it.
 */
const { values } = parseArgs({
  options: {
    to: { type: 'string', multiple: true, default: [] },
    megabits: { type: 'string', default: '200' },
    ms: { type: 'string', default: '20' },
  },
});
const bytesPerMs = (Number(values.megabits) * 1e6) / 8 / 1000;
const oneWayMs = Number(values.ms) / 2;
/** What may wait to be sent, beyond what is under way: like the buffer of a socket. */
const aheadMs = 10;

const ports: number[] = [];
for (const address of values.to) {
  const [host, port] = address.split(':');
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: host ?? '', port: Number(port), allowHalfOpen: true, noDelay: true });
    carry(near, far);
    carry(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ports.push((server.address() as AddressInfo).port);
}
console.log(ports.join(' '));
process.stdin.resume().once('end', () => process.exit());

/** Carries one direction of a connection. */
function carry(from: Socket, to: Socket): void {
  /** When the last byte that was taken has left. */
  let freeAt = 0;
  let arrived: Promise<unknown> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    const now = performance.now();
    freeAt = Math.max(freeAt, now) + chunk.length / bytesPerMs;
    const way = sleep(freeAt + oneWayMs - now);
    arrived = arrived.then(async () => {
      await way;
      if (!to.destroyed) to.write(chunk);
    });
    if (freeAt - now <= aheadMs) return;
    from.pause();
    setTimeout(() => from.resume(), freeAt - now - aheadMs);
  });
  from.once('end', () => void arrived.then(() => to.end()));
  from.on('error', () => undefined);
  from.once('close', () => void arrived.then(() => to.destroySoon()));
}
