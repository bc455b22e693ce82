import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';

/** What to try for one connection, in this order; a `false` is a connection without TLS. */
export type TlsAttempts = readonly (ConnectionOptions | false)[];

/**
 * libpq's own meaning of `sslmode`, for `pg`: https://www.postgresql.org/docs/current/libpq-ssl.html. `prefer` falls
 * back to an unencrypted connection, `require` does not check the certificate unless a root certificate is given,
 * `verify-ca` checks its chain and `verify-full` its name too. Unix sockets never use TLS.
 * @throws {Failure} `config` when a certificate or key file cannot be read.
 */
export async function tlsAttempts(connection: ConnectionConfig): Promise<TlsAttempts> {
  if (connection.host.startsWith('/')) return [false];
  switch (connection.sslMode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, await unverified(connection)];
    case 'prefer':
      return [await unverified(connection), false];
    case 'require':
      return [connection.sslRootCert === undefined ? await unverified(connection) : await verifyCa(connection)];
    case 'verify-ca':
      return [await verifyCa(connection)];
    case 'verify-full':
      return [await verifyFull(connection)];
  }
}

async function unverified(connection: ConnectionConfig): Promise<ConnectionOptions> {
  return { rejectUnauthorized: false, ...(await clientCertificate(connection)) };
}

async function verifyFull(connection: ConnectionConfig): Promise<ConnectionOptions> {
  return { rejectUnauthorized: true, ca: await roots(connection), ...(await clientCertificate(connection)) };
}

async function verifyCa(connection: ConnectionConfig): Promise<ConnectionOptions> {
  return { ...(await verifyFull(connection)), checkServerIdentity: () => undefined };
}

async function roots(connection: ConnectionConfig): Promise<string | string[]> {
  if (connection.sslRootCert === undefined) {
    throw new Failure('config', `sslmode=${connection.sslMode} needs a root certificate`, {
      hint: 'Add sslrootcert=system for a certificate of a public authority, or sslrootcert=/path/of/ca.pem.',
    });
  }
  if (connection.sslRootCert === 'system') return getCACertificates('system');
  return readPem('sslrootcert', connection.sslRootCert);
}

async function clientCertificate(connection: ConnectionConfig): Promise<ConnectionOptions> {
  return {
    ...(connection.sslCert === undefined ? {} : { cert: await readPem('sslcert', connection.sslCert) }),
    ...(connection.sslKey === undefined ? {} : { key: await readPem('sslkey', connection.sslKey) }),
  };
}

async function readPem(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Failure('config', `${setting}: the file ${path} cannot be read`, {
      hint: 'Mount the certificate into the container and give its path there.',
      cause: error,
    });
  }
}
