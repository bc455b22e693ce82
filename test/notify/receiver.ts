import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** What arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** How a receiver answers: a status with text and headers, or as it likes; a list is one answer after the other, the last for all further ones. */
export type Answer =
  | number
  | { readonly status: number; readonly text?: string; readonly headers?: Readonly<Record<string, string>> }
  | ((response: ServerResponse, received: Received) => void);

/** A local HTTP server in place of a service that people are told by. */
export interface Receiver {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly host: string;
  readonly received: Received[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port of the loopback address. */
export async function startReceiver(...answers: readonly Answer[]): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        const one = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body,
          at: performance.now(),
        };
        received.push(one);
        answer(response, one, answers[Math.min(received.length, answers.length) - 1] ?? 200);
      },
      () => undefined,
    );
  });
  const { port, close } = await listen(server);
  return { origin: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, received, close };
}

function answer(response: ServerResponse, received: Received, how: Answer): void {
  if (typeof how === 'function') how(response, received);
  else if (typeof how === 'number') response.writeHead(how).end();
  else response.writeHead(how.status, how.headers).end(how.text);
}

/** Listens on a free port of 127.0.0.1; closing ends what is connected. */
export async function listen(server: Server): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, close };
}
