import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before } from 'node:test';
import { bundleProgram, type Program } from '../chaos/program.ts';
import { type EndedRun, type EntrypointOptions, runEntrypoint } from '../support/entrypoint.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { type MemoryObject, type S3Server, startS3Server } from '../support/s3-server.ts';
import { everyPoint } from './point.ts';
import { type QueryProxy, startQueryProxy } from './query-proxy.ts';

type Variables = Readonly<Record<string, string>>;

const identity = (await runCommand('age-keygen', [])).trim();
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const verifying = { MANIFEST_PUBLIC_KEY: publicKey.export({ format: 'pem', type: 'spki' }).toString() };
/** What a backup is made with: encrypted, signed, and each takes the place of the oldest. */
const making = {
  AGE_RECIPIENTS: /age1\w+/.exec(identity)?.[0] ?? '',
  MANIFEST_SIGNING_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  ...verifying,
  BACKUP_TIMEOUT: '1h',
  KEEP_LAST: '3',
  KEEP_MINIMUM: '1',
};
/** What a reader has. */
export const reading = { AGE_IDENTITY: identity, ...verifying };

/** A store of its own in which runs are killed, one after another. */
export interface Place {
  readonly server: S3Server;
  readonly proxy: QueryProxy;
  /** The variables of the store. */
  readonly store: Record<string, string>;
  /** Those of a backup. */
  backup(changes?: Variables): Record<string, string>;
  /** The URL of a database past the proxy. */
  past(database: string): string;
  /** Puts the older backups back, and nothing else. */
  reset(): void;
  /** Where an object of a key below the store's root is. */
  object(key: string): MemoryObject | undefined;
  /** Keys below the store's root. */
  keys(): string[];
}

/** A database with three backups, and places in which these are. */
export interface Scene {
  readonly postgres: TestPostgres;
  readonly places: readonly Place[];
  /** The older backups, oldest first. */
  readonly older: readonly string[];
  /** Their objects by their keys below the store's root. */
  readonly seeds: ReadonlyMap<string, MemoryObject>;
  /** What {@link Scene.fingerprint} says of the database at the time of each older backup, and of now by ''. */
  readonly rows: ReadonlyMap<string, string>;
  /** All variables that a run of the bundled program needs. */
  started(variables: Variables): Record<string, string>;
  /** How to start that program. */
  readonly options: EntrypointOptions;
  /** Runs the program to its end. */
  run(variables: Variables, args?: readonly string[]): Promise<EndedRun>;
  /** All rows of a database, in a few letters; `nothing` where there is no table. */
  fingerprint(database: string): Promise<string>;
  /** A new empty database. */
  target(): Promise<string>;
}

/**
 * Sets the scene at the top level of a test file.
 * @param newest what else the newest of the three backups is made with.
 */
export function useScene(placeCount = 2, newest: Variables = {}): Scene {
  let postgres: TestPostgres;
  let program: Program;
  let seeds = new Map<string, MemoryObject>();
  const places: Place[] = [];
  const older: string[] = [];
  const rows = new Map<string, string>();
  let targets = 0;

  const started: Scene['started'] = (variables) => ({
    ...program.variables,
    PATH: `${program.home}:${process.env['PATH'] ?? ''}`,
    ...variables,
  });
  const run: Scene['run'] = (variables, args = []) => runEntrypoint(started(variables), { args, home: program.home });
  const fingerprint: Scene['fingerprint'] = async (database) => {
    const isThere = await postgres.psql(`SELECT to_regclass('notes') IS NOT NULL`, database);
    if (isThere !== 't') return nothing;
    return postgres.psql(`SELECT count(*) || ' ' || md5(string_agg(n::text, '|' ORDER BY id)) FROM notes n`, database);
  };
  const addRow = `INSERT INTO notes SELECT max(id) + 1, repeat(md5(max(id)::text), 1000) FROM notes`;

  before(async () => {
    program = await bundleProgram();
    postgres = await startPostgres();
    await postgres.createDatabase('shop');
    // More than two parts of an upload.
    await postgres.psql(
      `CREATE TABLE notes AS SELECT i AS id, repeat(md5(i::text), 1000) AS words FROM generate_series(1, 350) i;
       ALTER TABLE notes ADD PRIMARY KEY (id); CREATE INDEX ON notes (md5(words)); CREATE SEQUENCE numbers`,
      'shop',
    );
    for (let index = 0; index < placeCount; index += 1) places.push(await openPlace(index));
    const [first] = places;
    assert.ok(first);
    for (let index = 0; index < 3; index += 1) {
      const { exitCode, stdout, stderr } = await run(first.backup(index === 2 ? newest : {}));
      assert.equal(exitCode, 0, stderr);
      const { id } = JSON.parse(stdout) as { id: string };
      older.push(id);
      rows.set(id, await fingerprint('shop'));
      await postgres.psql(addRow, 'shop');
    }
    rows.set('', await fingerprint('shop'));
    seeds = new Map(first.keys().map((key) => [key, first.object(key)!]));
  });
  after(async () => {
    await Promise.all(places.map(({ server, proxy }) => Promise.all([server.close(), proxy[Symbol.asyncDispose]()])));
    await postgres.stop('immediate');
    program[Symbol.dispose]();
  });

  const openPlace = async (index: number): Promise<Place> => {
    const server = await startS3Server({ equalParts: true });
    const proxy = await startQueryProxy(postgres);
    const prefix = `nightly-${String(index)}/`;
    const store = {
      S3_ENDPOINT: server.url,
      BACKUP_DESTINATION: `s3://backups/nightly-${String(index)}`,
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'secret',
      S3_PART_SIZE: '5MiB',
      S3_TIMEOUT: '10s',
      S3_RETRY_FOR: '20s',
    };
    const past = (database: string): string =>
      postgres.url(database).replace(`:${String(postgres.port)}/`, `:${String(proxy.port)}/`);
    return {
      server,
      proxy,
      store,
      past,
      backup: (changes = {}) => ({
        ...store,
        ...making,
        COMPRESSION: 'none',
        BACKUP_ATTEMPTS: '1',
        DATABASE_URL: postgres.url('shop'),
        ...changes,
      }),
      reset: () => {
        server.clearFaults();
        server.clearUploads();
        server.objects().clear();
        for (const [key, { data, headers }] of seeds) server.put(prefix + key, data!, headers);
      },
      object: (key) => server.objects().get(prefix + key),
      keys: () => [...server.objects().keys()].map((key) => key.slice(prefix.length)).sort(),
    };
  };

  return {
    get postgres() {
      return postgres;
    },
    get options() {
      return { home: program.home };
    },
    started,
    places,
    older,
    get seeds() {
      return seeds;
    },
    rows,
    run,
    fingerprint,
    target: async () => {
      const name = `target_${String((targets += 1))}`;
      await postgres.psql(`CREATE DATABASE ${name} TEMPLATE template0`);
      return name;
    },
  };
}

/** What {@link Scene.fingerprint} says of a database without the table. */
export const nothing = 'nothing';

const forMs = Number(process.env['KILL_POINTS_MINUTES'] ?? Infinity) * 60_000;

/**
 * Does this with each of a list, in each place one at a time. A failure ends it, unless every point is to be tried: then it
 * is told at once, the rest goes on, and all of them are thrown in the end.
 */
export async function inPlaces<T>(
  places: readonly Place[],
  list: readonly T[],
  work: (place: Place, item: T) => Promise<void>,
): Promise<void> {
  const left = [...list];
  const failures: unknown[] = [];
  const began = performance.now();
  const isTime = (): boolean => performance.now() - began < forMs && (everyPoint || failures.length === 0);
  await Promise.all(
    places.map(async (place) => {
      while (left.length > 0 && isTime()) {
        const item = left.shift() as T;
        try {
          await work(place, item);
        } catch (error) {
          failures.push(error);
          if (everyPoint) process.stderr.write(`FAILED ${JSON.stringify(item)} ${String(error)}\n`);
        }
      }
    }),
  );
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
}
