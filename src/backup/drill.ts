import { access, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manifest } from '../catalog/manifest.ts';
import type { Proof } from '../catalog/proof.ts';
import { describeDrill } from '../drill/describe.ts';
import { holdDrill } from '../drill/drill.ts';
import { Failure } from '../errors.ts';
import type { Encryption } from '../pipeline/encryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import { withSession } from '../postgres/with-session.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { findServerPrograms } from '../postgres/server-programs.ts';
import type { Session } from '../postgres/session.ts';
import type { RunContext } from './context.ts';
import type { Ready } from './ready.ts';

/** How often the connection that holds the lock is used while nothing else happens on it: firewalls forget idle ones. */
const keepAliveMs = 60_000;

/**
 * Finds out, before anything is dumped, what would keep `VERIFY=drill` from running: a private key that does not fit, no
 * server programs, an extension that the scratch server does not have. Does nothing for a run that does not drill.
 * @throws {Failure} `config` or `dump`.
 */
export async function refuseUndrillable(
  { config, searchPath, signal }: Pick<RunContext, 'config' | 'searchPath' | 'signal'>,
  { client, server }: Pick<Session, 'client' | 'server'>,
  { kind, recipients }: Encryption,
): Promise<void> {
  if (config.run.verify !== 'drill') return;
  await refuseWrongKey(kind, config.keys, recipients, searchPath, signal);
  const { databaseUrl } = config.drill;
  let available: ReadonlySet<string> | undefined;
  if (databaseUrl) {
    const query = 'SELECT name::text FROM pg_catalog.pg_available_extensions';
    available = await withSession(databaseUrl, signal, (elsewhere) => namesIn(elsewhere, query));
  } else {
    const { postgres, major } = await findServerPrograms(config.source.clientsDir, server.major);
    available = await installedExtensions(postgres, major);
  }
  if (!available) return;
  const used = await namesIn(client, 'SELECT extname::text AS name FROM pg_catalog.pg_extension ORDER BY 1');
  const missing = [...used.difference(available)].filter((name) => name !== 'plpgsql');
  if (missing.length === 0) return;
  throw new Failure(
    'dump',
    `VERIFY=drill could not run: the scratch server lacks the extensions ${missing.join(', ')}`,
    {
      hint: 'Set DRILL_DATABASE_URL to a server that has them, or VERIFY=download.',
      retryable: false,
    },
  );
}

async function namesIn(client: Session['client'], query: string): Promise<Set<string>> {
  try {
    const { rows } = await client.query<{ name: string }>(query);
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    throw toDatabaseFailure('list the extensions', error);
  }
}

/** Read from the server's folder of control files; undefined where that is not in one of its usual places. */
async function installedExtensions(postgres: string, major: number): Promise<Set<string> | undefined> {
  const binDir = dirname(await realpath(postgres));
  const folders = [
    join(binDir, '../../../../share/postgresql', String(major), 'extension'),
    join(binDir, '../share/postgresql/extension'),
    join(binDir, '../share/extension'),
  ];
  for (const folder of folders) {
    const known = await access(join(folder, 'plpgsql.control')).then(
      () => true,
      () => false,
    );
    if (!known) continue;
    const files = await readdir(folder);
    return new Set(files.filter((file) => file.endsWith('.control')).map((file) => file.slice(0, -'.control'.length)));
  }
  return undefined;
}

/**
 * `VERIFY=drill`: restores what this run has stored, before its manifest makes it a backup. Undefined for a run that does
 * not drill.
 * @throws {Failure} `verification` when the drill failed, `dump` when it could not run.
 */
export async function drillStored(
  { config, searchPath, toolVersion, log, progress }: RunContext,
  { store, session, signal }: Ready,
  folder: string,
  manifest: Manifest,
): Promise<Proof | undefined> {
  if (config.run.verify !== 'drill') return undefined;
  log.info('restoring the stored backup into a scratch server (VERIFY=drill)');
  // Everything of the snapshot has been read, and holding on to it would keep the database from cleaning up.
  await session.endSnapshot();
  const timer = setInterval(() => void session.client.query('SELECT').catch(() => undefined), keepAliveMs);
  try {
    const { source, ...rest } = config;
    const drilled = await holdDrill({
      config: { ...rest, clientsDir: source.clientsDir },
      store,
      folder,
      manifest,
      allowMissing: () => false,
      jobs: undefined,
      searchPath,
      toolVersion,
      log,
      progress,
      signal,
    });
    const { proof, hint } = drilled;
    log.debug(describeDrill(drilled));
    const told = `VERIFY=drill: the drill of ${proof.database} ${proof.id} ${proof.outcome}: ${proof.reason ?? ''}`;
    if (proof.outcome === 'failed') throw new Failure('verification', told, { hint, retryable: false });
    if (proof.outcome !== 'passed') throw new Failure('dump', told, { hint, retryable: false });
    log.info(`the drill passed: ${String(proof.compared)} comparisons, restored in ${String(proof.restoreMs)} ms`);
    return proof;
  } finally {
    clearInterval(timer);
  }
}
