import { startEntrypoint } from '../support/entrypoint.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { type MemoryObject, startS3Server } from '../support/s3-server.ts';
import type { Keys } from './keys.ts';
import { storeVariables } from './laboratory.ts';
import type { Program } from './program.ts';

/** What older runs have stored: backups of the last weeks, of every kind. */
export type History = readonly MemoryObject[];

const past = [
  ['-40d', 'shop', { COMPRESSION: 'none' }, 'none'],
  ['-9d', 'shop', { BACKUP_FORMAT: 'plain' }, 'age'],
  ['-3d', 'shop', { COMPRESSION: 'gzip' }, 'gpg-passphrase'],
  ['-2d', 'shop', {}, 'age'],
  ['-2d', 'crm', {}, 'none'],
  ['-1d', 'shop', { JOBS: '2' }, 'age'],
] as const;

/** Makes them, once, by the program itself with the clock put back. */
export async function makeHistory(postgres: TestPostgres, program: Program, keys: Keys): Promise<History> {
  const server = await startS3Server();
  try {
    for (const [ago, database, form, encryption] of past) {
      const env = {
        ...storeVariables(server, 10),
        ...program.variables,
        ...keys.locking({ encryption, signed: true }),
        DATABASE_URL: postgres.url(database),
        PATH: `${program.home}:${process.env['PATH'] ?? ''}`,
        ...form,
      };
      const before = new Set(server.objects().keys());
      const { exitCode, stderr } = await startEntrypoint(env, {
        home: program.home,
        before: ['faketime', '-f', ago],
      }).ended;
      if (exitCode !== 0) throw new Error(`the backup of the past failed: ${stderr}`);
      const lastModified = new Date(Date.now() - Number.parseInt(ago.slice(1)) * 86_400_000);
      for (const [key, object] of server.objects()) {
        if (!before.has(key)) server.objects().set(key, { ...object, lastModified });
      }
    }
    return [...server.objects().values()];
  } finally {
    await server.close();
  }
}

/** With the newest of them, which is in lanes, or without it. */
export function historyOf(history: History, inLanes: boolean): History {
  const lane = history.find(({ key }) => key.includes('/database-schema.'));
  const folder = lane?.key.slice(0, lane.key.lastIndexOf('/') + 1) ?? '';
  if (folder === '') throw new Error('no backup of the past is in lanes');
  return inLanes ? history : history.filter(({ key }) => !key.startsWith(folder));
}
