import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeServerCertificate } from './certificate.ts';
import { runCommand } from './run-command.ts';
import { unprivileged } from './unprivileged.ts';

/** What a new cluster is told. */
export interface ClusterOptions {
  /** Superuser's password; with it every connection needs scram-sha-256. Without it every connection is trusted. */
  readonly password?: string;
  /** Offers TLS with a certificate of its own for localhost and 127.0.0.1: see `caFile`. */
  readonly tls?: boolean;
  /** Further lines of postgresql.conf. */
  readonly conf?: readonly string[];
  /** Lines of pg_hba.conf that come before all others. */
  readonly hba?: readonly string[];
}

/** Where a new cluster's files are. */
export interface Cluster {
  /** Holds everything else: remove it when the server has ended. */
  readonly root: string;
  readonly dataDir: string;
  readonly socketDir: string;
}

/** Makes a database cluster in a temporary folder, owned by the user who will run its server. */
export async function createCluster(binDir: string, options: ClusterOptions): Promise<Cluster> {
  const user = await unprivileged();
  const root = mkdtempSync(join(tmpdir(), 'pg-offsite-postgres-'));
  try {
    const dataDir = join(root, 'data');
    const socketDir = join(root, 'socket');
    for (const folder of [root, dataDir, socketDir]) {
      mkdirSync(folder, { recursive: true });
      user.own(folder);
    }
    const passwordFile = join(root, 'password');
    writeFileSync(passwordFile, options.password ?? 'unused', { mode: 0o600 });
    user.own(passwordFile);
    const auth = options.password === undefined ? 'trust' : 'scram-sha-256';
    const flags = ['-U', 'postgres', '-A', auth, '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C.UTF-8'];
    await runCommand(...user.command(join(binDir, 'initdb'), ['-D', dataDir, '--no-sync', ...flags]), { cwd: '/' });
    if (options.tls) for (const file of await makeServerCertificate(dataDir)) user.own(file);
    configure(dataDir, options);
    return { root, dataDir, socketDir };
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}

function configure(dataDir: string, options: ClusterOptions): void {
  const fast = ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off', 'max_connections = 60'];
  const tls = options.tls ? ['ssl = on'] : [];
  appendFileSync(join(dataDir, 'postgresql.conf'), [...fast, ...tls, ...(options.conf ?? []), ''].join('\n'));
  const hba = join(dataDir, 'pg_hba.conf');
  writeFileSync(hba, [...(options.hba ?? []), readFileSync(hba, 'utf8')].join('\n'));
}
