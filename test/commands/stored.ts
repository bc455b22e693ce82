import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { type Manifest, serializeManifest } from '../../src/catalog/manifest.ts';
import { sha256Sums } from '../../src/catalog/sums.ts';
import { type EndedRun, runEntrypoint, startEntrypoint, type StartedRun } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

type Variables = Readonly<Record<string, string>>;

/** One backup in a directory. */
export interface Backup {
  readonly id: string;
  /** Its folder. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** The path of its artifact. */
  readonly artifact: string;
}

/** A real database, and a directory of real backups of it that is put back before each test. */
export interface Stored {
  readonly postgres: TestPostgres;
  /** The store's folder. */
  readonly place: string;
  /** In the order in which they were asked for. */
  readonly backups: readonly Backup[];
  /** The variables of a reading command, with some changed. */
  env(changes?: Variables): Record<string, string>;
  /** Runs `./entrypoint.sh` with these arguments; no process is left. */
  run(args: readonly string[], changes?: Variables): Promise<EndedRun>;
  start(args: readonly string[], changes?: Variables): StartedRun;
  /** A new empty database, by its name and the variables that make it the target. */
  target(): Promise<{ name: string; variables: Record<string, string> }>;
  /** Relations and schemas of users in a database. */
  held(database: string): Promise<string>;
}

/** What a backup is made of: the database and its variables. */
export interface Wanted {
  readonly database: string;
  readonly variables?: Variables;
}

/** Sets the scene: call it at the top level of a test file. `fill` gets the server before the backups are made. */
export function useStored(fill: (postgres: TestPostgres) => Promise<void>, wanted: readonly Wanted[]): Stored {
  const root = temporaryFolder();
  const [place, kept] = [join(root, 'store'), join(root, 'kept')];
  let postgres: TestPostgres;
  const backups: Backup[] = [];
  let targets = 0;
  before(async () => {
    postgres = await startPostgres();
    await fill(postgres);
    mkdirSync(kept);
    for (const { database, variables = {} } of wanted) {
      const settings = {
        DATABASE_URL: postgres.url(database),
        BACKUP_DESTINATION: `file://${kept}`,
        // Of one object each; globals-scene.ts has backups with both.
        GLOBALS: 'off',
        ...variables,
      };
      const { exitCode, stdout, stderr } = await runEntrypoint(settings);
      assert.equal(exitCode, 0, stderr);
      const { id, location } = JSON.parse(stdout) as { id: string; location: string };
      const folder = location.replace(`file://${kept}`, place);
      const manifest = JSON.parse(readFileSync(join(folder.replace(place, kept), 'manifest.json'), 'utf8')) as Manifest;
      backups.push({ id, folder, manifest, artifact: join(folder, manifest.artifacts[0]!.key) });
    }
  });
  after(() => postgres.stop('immediate'));
  beforeEach(() => {
    rmSync(place, { recursive: true, force: true });
    cpSync(kept, place, { recursive: true });
  });
  const env = (changes: Variables = {}): Record<string, string> => ({
    BACKUP_DESTINATION: `file://${place}`,
    ...changes,
  });
  return {
    get postgres() {
      return postgres;
    },
    place,
    backups,
    env,
    run: async (args, changes) => {
      const run = await runEntrypoint(env(changes), { args });
      assert.deepEqual(run.leftBehind, [], 'a process was left behind');
      return run;
    },
    start: (args, changes) => startEntrypoint(env(changes), { args }),
    target: async () => {
      const name = `target_${String((targets += 1))}`;
      await postgres.psql(`CREATE DATABASE ${name} TEMPLATE template0`);
      return { name, variables: { TARGET_DATABASE_URL: postgres.url(name) } };
    },
    held: (database) => postgres.psql(heldQuery, database),
  };
}

const heldQuery = `
  SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  UNION ALL SELECT count(*) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')
  UNION ALL SELECT count(*) FROM pg_largeobject_metadata
  UNION ALL SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'`;

/** What {@link Stored.held} says of a database that holds nothing. */
export const nothing = '0\n0\n0\n0';

/** Changes one byte of a file, counted from its end where negative. */
export function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = bytes[index]! ^ 0x10;
  writeFileSync(file, bytes);
}

/** The manifest as the program writes it, changed, and SHA256SUMS beside it. */
export function rewritten(manifest: Manifest, changes: Partial<Manifest>): { manifest: string; sums: string } {
  const changed = { ...manifest, ...changes };
  return { manifest: serializeManifest(changed), sums: sha256Sums(changed.artifacts) };
}

/** Files in scratch folders that hold the private key of these variables. Other test files have such folders meanwhile. */
export function keyFiles(variables: Variables): string[] {
  const key = variables['AGE_IDENTITY'];
  if (key === undefined) return [];
  const holdsIt = (file: string): boolean => {
    try {
      return readFileSync(file, 'utf8').includes(key.trim());
    } catch {
      return false;
    }
  };
  return scratchFolders()
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
    .filter(holdsIt);
}

/** Scratch folders of all processes of the machine, or of one. */
export function scratchFolders(pid?: number): string[] {
  const ours = new RegExp(`^pg-offsite-[0-9a-f]{12}-${pid === undefined ? String.raw`\d+` : String(pid)}-\\d+-`);
  return ['/dev/shm', tmpdir()]
    .filter((parent) => existsSync(parent))
    .flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => ours.test(name))
        .map((name) => join(parent, name)),
    );
}
