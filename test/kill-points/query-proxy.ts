import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { StartedRun } from '../support/entrypoint.ts';
import type { Channel } from './channel.ts';
import { Messages } from './messages.ts';
import { kill, type Point } from './point.ts';

/** A way to a PostgreSQL server on which queries are counted. */
export interface QueryProxy extends Channel, AsyncDisposable {
  readonly port: number;
}

interface Watching {
  readonly point: Point | undefined;
  readonly calls: string[];
  run?: StartedRun;
}

const codes = { ssl: 80877103, gss: 80877104, startup: 196608 } as const;

/**
 * Stands between a run and the server. What counts is what asks the server for something and waits for its answer: the
 * start of a session, a query, the end of a batch of the extended protocol, the end of a COPY. Nothing is encrypted.
 */
export async function startQueryProxy(server: { readonly host: string; readonly port: number }): Promise<QueryProxy> {
  let watching: Watching | undefined;
  const sockets = new Set<Socket>();

  /** False where the run was killed with all it had started: then nothing of it may reach the server any more. */
  const pass = (number: number, when: Point['when']): boolean => {
    const { point, run } = watching ?? {};
    if (!point || !run || point.at !== number || point.when !== when) return true;
    kill(run, point.whom);
    return point.whom === 'node';
  };

  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    const [asked, answered] = [new Messages(true), new Messages(false)];
    let current = 0;
    let prepared = '';
    const arrived = (what: string): boolean => {
      current = watching?.calls.push(what.replaceAll(/\s+/g, ' ').trim().slice(0, 60)) ?? 0;
      return pass(current, 'before');
    };
    client.on('data', (chunk: Buffer) => {
      for (const { type, body, bytes } of asked.take(chunk)) {
        const code = type === '' ? body.readInt32BE(0) : 0;
        if (code === codes.ssl || code === codes.gss) {
          client.write('N');
          continue;
        }
        const text = (): string => body.toString('utf8').replaceAll('\0', ' ');
        if (type === 'P') prepared = text();
        const call = code === codes.startup ? 'connect' : callIn(type, text, prepared);
        if (code === codes.startup) asked.begin();
        if (call !== undefined && !arrived(call)) return client.destroy();
        upstream.write(bytes);
      }
      return undefined;
    });
    upstream.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of answered.take(chunk)) {
        if (type === 'Z' && !pass(current, 'after')) return client.destroy();
        client.write(bytes);
      }
      return undefined;
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    port,
    watch: (point) => {
      const mine: Watching = { point, calls: [] };
      watching = mine;
      return {
        variables: {},
        attach: (run) => {
          mine.run = run;
        },
        calls: () => mine.calls,
        [Symbol.dispose]: () => {
          watching = undefined;
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function callIn(type: string, text: () => string, prepared: string): string | undefined {
  if (type === 'Q') return text();
  if (type === 'S') return prepared;
  return type === 'c' ? 'end of COPY' : undefined;
}
