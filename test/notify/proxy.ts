import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listen } from './receiver.ts';

/** An HTTP proxy of a few lines. */
export interface Proxy {
  readonly url: string;
  /** What it was asked: `CONNECT host:port`, or a method and a whole URL, with the credentials that came along. */
  readonly asked: { readonly what: string; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

/** Starts a proxy on the loopback address. Every name is this machine to it. */
export async function startProxy(): Promise<Proxy> {
  const asked: { what: string; authorization: string | undefined }[] = [];
  const server = createServer((incoming, response) => {
    const target = new URL(incoming.url ?? '');
    asked.push({
      what: `${incoming.method ?? ''} ${target.href}`,
      authorization: incoming.headers['proxy-authorization'],
    });
    const { method, headers } = incoming;
    const onward = request(
      { host: '127.0.0.1', port: target.port, path: target.pathname, method, headers },
      (answered) => {
        response.writeHead(answered.statusCode ?? 502);
        void pipeline(answered, response).catch(() => undefined);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    void pipeline(incoming, onward).catch(() => undefined);
  });
  server.on('connect', (incoming, socket: Duplex) => {
    asked.push({ what: `CONNECT ${incoming.url ?? ''}`, authorization: incoming.headers['proxy-authorization'] });
    const target = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      void pipeline(socket, target, socket).catch(() => undefined);
    });
    target.on('error', () => socket.destroy());
  });
  const { port, close } = await listen(server);
  return { url: `http://127.0.0.1:${port}`, asked, close };
}
