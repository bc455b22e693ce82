/**
 * Serves a folder over HTTP on loopback until it is ended. Prints the port once it listens: the one it had
 * the last time where that is free, so that a build that names it finds its own layers again.
 *
 * usage: serve-archive.ts DIR
 */
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: serve-archive.ts DIR');
const portFile = join(directory, 'port');

const server = createServer((request, response) => {
  const path = join(directory, normalize(decodeURIComponent(request.url ?? '/')));
  stat(path).then(
    (found) => {
      if (!found.isFile()) return response.writeHead(404).end();
      response.writeHead(200, { 'content-length': found.size });
      return createReadStream(path).pipe(response);
    },
    () => response.writeHead(404).end(),
  );
});

const lastPort = Number(await readFile(portFile, 'utf8').catch(() => '0'));
server.listen(lastPort, '127.0.0.1');
try {
  await once(server, 'listening');
} catch {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}
const { port } = server.address() as AddressInfo;
await writeFile(portFile, String(port));
console.log(port);
