import { appendFileSync, chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPostgres } from './postgres.ts';
import { runCommand } from './run-command.ts';
import { unprivileged } from './unprivileged.ts';

/** A certificate authority of a test, in a folder of its own. */
export interface Authority {
  /** The file of its own certificate: what `sslrootcert` needs. */
  readonly caFile: string;
  /** Makes a certificate for these names (`DNS:…`, `IP:…`) and resolves to the files of it and its key. */
  readonly issue: (name: string, subjectAltNames: readonly string[]) => Promise<[certificate: string, key: string]>;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes an authority in a folder. */
export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const caFile = join(folder, `${name}.crt`);
  const caKey = join(folder, `${name}.key`);
  const self = ['-days', '2', '-subj', `/CN=${name}`, '-out', caFile, '-keyout', caKey];
  await runCommand('openssl', ['req', '-x509', ...curve, ...self]);
  return {
    caFile,
    async issue(subject, subjectAltNames) {
      const [certificate, key, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((suffix) =>
        join(folder, `${name}-${subject}.${suffix}`),
      ) as [string, string, string, string];
      writeFileSync(extensions, `subjectAltName=${subjectAltNames.join(',')}\n`);
      await runCommand('openssl', ['req', ...curve, '-subj', `/CN=${subject}`, '-out', request, '-keyout', key]);
      const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', extensions];
      await runCommand('openssl', ['x509', '-req', '-in', request, '-out', certificate, ...by]);
      return [certificate, key];
    },
  };
}

/** Gives a running server, started with `tls`, another certificate. New connections see it. */
export async function replaceCertificate(server: TestPostgres, [certificate, key]: [string, string]): Promise<void> {
  const user = await unprivileged();
  for (const [from, to] of [
    [certificate, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    const target = join(server.dataDir, to);
    copyFileSync(from, target);
    chmodSync(target, 0o600);
    user.own(target);
  }
  await reload(server);
}

/** Appends to the configuration of a running server and makes it read all of its files again. */
export async function reconfigure(server: TestPostgres, ...settings: readonly string[]): Promise<void> {
  appendFileSync(join(server.dataDir, 'postgresql.conf'), `${settings.join('\n')}\n`);
  await reload(server);
}

async function reload(server: TestPostgres): Promise<void> {
  const loaded = 'select extract(epoch from pg_conf_load_time())';
  const before = await server.psql(loaded);
  await server.psql('select pg_reload_conf()');
  while ((await server.psql(loaded)) === before) await new Promise((resolve) => setTimeout(resolve, 10));
}
