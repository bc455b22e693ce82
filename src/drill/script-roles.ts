import pg from 'pg';
import { decodedBytes, checkedBytes } from '../restore/decode.ts';
import type { ArtifactSource } from '../restore/load.ts';
import { decompressStage } from '../pipeline/decompress.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { withSession } from '../postgres/with-session.ts';
import type { ScratchDatabase } from './scratch-database.ts';

/** The longest line that is looked at: names have at most 63 bytes, lists of columns and arguments come before them. */
const longestLine = 16 * 1024;

const name = '("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const patterns = [
  new RegExp(`^ALTER .* OWNER TO ${name};$`),
  new RegExp(`^(?:GRANT|REVOKE) .* (?:TO|FROM) ${name}(?: WITH GRANT OPTION)?;$`),
  new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE ${name} `),
  new RegExp(`^SET SESSION AUTHORIZATION ${name};$`),
];

/** The role that a line of a script names as an owner or in a grant. Rows that look like one do no harm. */
export function roleIn(line: string): string | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found;
  }
  return undefined;
}

/**
 * Reads a plain dump once for the roles that it gives things to: nothing of a script can be left out, so they must be
 * there.
 * @throws {Failure} `verification` for a damaged object, `config` for a wrong key.
 */
export async function findRoles(source: ArtifactSource): Promise<Set<string>> {
  const { store, key, artifact, limit, decryption, searchPath, signal } = source;
  const stages = [decryption.stage, await decompressStage(artifact.compression, searchPath)];
  const roles = new Set<string>();
  let rest = '';
  for await (const chunk of decodedBytes(checkedBytes(store, key, artifact, signal), stages, limit, signal)) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) {
      const role = line.length <= longestLine ? roleIn(line) : undefined;
      if (role !== undefined) roles.add(Buffer.from(role, 'latin1').toString('utf8'));
    }
  }
  return roles;
}

/**
 * Makes the roles on a server of our own and lets the role of the restore hand things over to them: it becomes a member of
 * each, and each may create things wherever it does. None may log in, nor do anything outside of the scratch database; on
 * behalf of a superuser they are superusers, as whoever owns an event trigger must be.
 * @throws {Failure} `database`.
 */
export async function makeRoles(
  { admin, target, trusted }: ScratchDatabase,
  roles: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  if (!admin) return;
  const [user, database] = [pg.escapeIdentifier(target.user), pg.escapeIdentifier(target.database)];
  const make = async (client: pg.Client): Promise<void> => {
    for (const role of roles) {
      const found = await client.query<{ super: boolean }>(
        'SELECT rolsuper AS super FROM pg_catalog.pg_roles WHERE rolname = $1',
        [role],
      );
      // A predefined role may read files and start programs; the superuser is nobody's to be.
      if (role.startsWith('pg_') || role === target.user || role === 'public' || found.rows[0]?.super === true)
        continue;
      if (found.rowCount === 0) {
        const made = await client
          .query(`CREATE ROLE ${client.escapeIdentifier(role)} NOLOGIN${trusted ? ' SUPERUSER' : ''}`)
          .catch(refused);
        if (!made) continue;
      }
      await client.query(`GRANT ${client.escapeIdentifier(role)} TO ${user}`);
    }
    await client.query(`GRANT CREATE ON DATABASE ${database} TO PUBLIC`);
    await client.query('GRANT ALL ON SCHEMA public TO PUBLIC');
    await client.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${user} GRANT ALL ON SCHEMAS TO PUBLIC`);
  };
  try {
    await withSession(admin, signal, make);
  } catch (error) {
    throw toDatabaseFailure('make the roles that the script names', error);
  }
}

function refused(error: unknown): undefined {
  if (error instanceof pg.DatabaseError && error.severity === 'ERROR') return undefined;
  throw error;
}
