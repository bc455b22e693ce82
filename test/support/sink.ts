import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that a {@link Sink} has had. */
export interface Received {
  readonly method: string;
  /** The path alone, as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a sink answers: a status and a text; undefined leaves the client waiting for ever. */
export type Answer = { readonly status: number; readonly text?: string } | undefined;

/** An HTTP server on loopback that keeps what it gets. */
export interface Sink {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly requests: Received[];
  /** Instead of 200 `OK`. */
  answer: (request: Received) => Answer;
  close(): Promise<void>;
}

/** Starts one; the caller closes it. */
export async function startSink(): Promise<Sink> {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sink');
      const { method = '', headers } = request;
      const received = { method, path: pathname, query: searchParams, headers, body };
      requests.push(received);
      const answer = sink.answer(received);
      if (answer) response.writeHead(answer.status).end(answer.text ?? 'OK');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sink: Sink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: () => ({ status: 200 }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return sink;
}
