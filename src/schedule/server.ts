import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Failure } from '../errors.ts';
import type { Status } from './status.ts';

/**
 * Answers `GET /healthz` (200, or 503 after a failed run) and `GET /metrics` on a port of every address. Disposing ends
 * it at once.
 * @throws {Failure} `config` when the port cannot be had.
 */
export async function serveStatus(port: number, status: Status): Promise<Disposable> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response, status);
  });
  server.maxConnections = 50;
  try {
    server.listen(port);
    await once(server, 'listening');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new Failure('config', `cannot listen on port ${String(port)} (${why})`, {
      hint: 'Set SCHEDULE_PORT to a free port, for example SCHEDULE_PORT=9187.',
      cause,
    });
  }
  return {
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer({ method, url }: IncomingMessage, response: ServerResponse, status: Status): void {
  const send = (code: number, type: string, text: string): void => {
    response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
  };
  if (method !== 'GET' && method !== 'HEAD') send(405, 'text/plain', 'only GET\n');
  else if (url === '/healthz') {
    send(status.healthy ? 200 : 503, 'application/json', `${JSON.stringify(status.describe())}\n`);
  } else if (url === '/metrics') send(200, 'text/plain; version=0.0.4; charset=utf-8', status.metrics());
  else send(404, 'text/plain', 'there are /healthz and /metrics\n');
}
