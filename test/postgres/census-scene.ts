import { after, before } from 'node:test';
import type { SourceConfig } from '../../src/config/config.ts';
import { Census, type Contents } from '../../src/postgres/census.ts';
import { Session } from '../../src/postgres/session.ts';
import { keptLog } from '../store/scripted.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { connectionTo, sourceOf } from './settings.ts';

/** A server with databases to count. */
export interface CensusScene {
  readonly server: TestPostgres;
  /** A new database made of this SQL, and the settings that dump it. */
  database(sql: string, changes?: Partial<SourceConfig>): Promise<SourceConfig>;
}

/** Sets the scene: call it at the top level of a test file. */
export function useCensus(): CensusScene {
  let server: TestPostgres;
  let databases = 0;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop('immediate'));
  return {
    get server() {
      return server;
    },
    async database(sql, changes = {}) {
      const name = `census_${String(++databases)}`;
      await server.createDatabase(name);
      await server.psql(sql, name);
      return sourceOf(connectionTo(server, { database: name }), changes);
    },
  };
}

/** Counts these tables as after a dump of them; `meanwhile` runs when the snapshot was taken. */
export async function counted(
  source: SourceConfig,
  tables: readonly string[],
  meanwhile?: () => Promise<unknown>,
): Promise<Contents> {
  const session = await Session.open(source.connection, keptLog().log, never, () => undefined);
  try {
    await session.exportSnapshot();
    const census = await Census.begin(session.client, source);
    await meanwhile?.();
    for (const table of tables) census.note(table);
    return await census.finish();
  } finally {
    await session.close();
  }
}
