import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/**
 * Makes `server.crt` and `server.key` in a folder: self-signed (so it is its own CA), for localhost and 127.0.0.1, valid
 * for a day. Resolves to both paths.
 */
export async function makeServerCertificate(folder: string): Promise<[certificate: string, key: string]> {
  const certificate = join(folder, 'server.crt');
  const key = join(folder, 'server.key');
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const out = ['-subj', '/CN=localhost', '-addext', names, '-out', certificate, '-keyout', key];
  await runCommand('openssl', ['req', ...form, ...out]);
  return [certificate, key];
}
