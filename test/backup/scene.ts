import assert from 'node:assert/strict';
import { after, before, beforeEach } from 'node:test';
import { type EndedRun, type EntrypointOptions, startEntrypoint, type StartedRun } from '../support/entrypoint.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { type S3Server, type S3ServerOptions, startS3Server } from '../support/s3-server.ts';
import { until } from '../support/until.ts';

/** Secrets that would be found again in any output, with every character that URLs, shells and files treat specially. */
export const canaries = {
  databasePassword: 'canary:db@/%41#?&="\'\\ w\u00f6rd',
  secretAccessKey: 'canary-s3@:/%#+=secret',
  passphrase: 'canary-gpg:@/%# "pass" phrase',
} as const;

type Variables = Readonly<Record<string, string>>;

/** The result line of a backup. */
export type Result = Readonly<Record<string, unknown>>;

/** What a failing run must tell. */
export interface Expected {
  readonly exitCode: number;
  readonly error: RegExp;
  readonly hint?: RegExp;
}

/**
 * A real database and a store that holds one good backup of it, shared by the tests of a file. Before each test the store
 * is put back into that state and behaves well.
 */
export interface Scene {
  readonly postgres: TestPostgres;
  readonly server: S3Server;
  /** The variables of a run that would succeed, in parts of 5 MiB and with little patience, with some changed. */
  env(changes?: Variables): Record<string, string>;
  /** Starts a run with those variables. */
  start(changes?: Variables, options?: EntrypointOptions): StartedRun;
  /** Runs, and asserts that a complete backup was added and nothing else has happened. Resolves to the result line. */
  succeeds(changes?: Variables, options?: EntrypointOptions): Promise<{ result: Result; run: EndedRun }>;
  /** Runs, and asserts all that must hold when a run has failed: see `assertFailed`. */
  fails(changes: Variables, expected: Expected, options?: EntrypointOptions): Promise<EndedRun>;
  /** Asserts all that must hold after a failed run: exit code, one result line, first cause told, nothing left. */
  assertFailed(run: EndedRun, expected: Expected): Promise<Result>;
  /** The keys in the store that were not there before the test, without their folder. */
  addedFiles(): string[];
}

/** Sets the scene: call it at the top level of a test file. The members can be used inside tests. */
export function useScene(options: S3ServerOptions = {}): Scene {
  let postgres: TestPostgres;
  let server: S3Server;
  let before_: Map<string, { data: Buffer; headers: Record<string, string> }>;
  before(async () => {
    [postgres, server] = await Promise.all([
      startPostgres({ password: canaries.databasePassword }),
      startS3Server({ equalParts: true, ...options }),
    ]);
    await postgres.createDatabase('shop');
    await postgres.psql(
      `create table customers (id int primary key, name text not null);
       insert into customers select i, 'customer ' || i from generate_series(1, 100) i;
       create table notes as select i as id, repeat(md5(i::text), 100) as words from generate_series(1, 5000) i;
       analyze`,
      'shop',
    );
    // Seeded by a real run into the real store, so that there is something to lose.
    const { exitCode, stderr } = await startEntrypoint(env({ COMPRESSION: 'zstd' })).ended;
    assert.equal(exitCode, 0, stderr);
    before_ = new Map(
      [...server.objects()].map(([key, { data, headers }]) => [key, { data: data ?? Buffer.alloc(0), headers }]),
    );
  });
  after(async () => {
    await Promise.all([postgres.stop('immediate'), server.close()]);
  });
  beforeEach(() => {
    server.clearFaults();
    server.clearUploads();
    server.calls.length = 0;
    server.objects().clear();
    for (const [key, { data, headers }] of before_) server.put(key, data, headers);
  });

  const env = (changes: Variables = {}): Record<string, string> => ({
    DATABASE_URL: postgres.url('shop'),
    S3_ENDPOINT: server.url,
    BACKUP_DESTINATION: 's3://backups/nightly',
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: canaries.secretAccessKey,
    S3_PART_SIZE: '5MiB',
    S3_TIMEOUT: '2s',
    S3_RETRY_FOR: '1s',
    COMPRESSION: 'none',
    BACKUP_ATTEMPTS: '1',
    // So that requests can be counted; globals.test.ts has what is special about them.
    GLOBALS: 'off',
    ...changes,
  });
  const start: Scene['start'] = (changes, runOptions) => startEntrypoint(env(changes), runOptions);
  const added = (): string[] => [...server.objects().keys()].filter((key) => !before_.has(key));

  const assertClean = async (run: EndedRun): Promise<void> => {
    assert.deepEqual(run.leftBehind, [], 'a process was left behind');
    assert.deepEqual(server.openUploads, [], 'an upload was left open');
    for (const [key, { data }] of before_) {
      assert.ok(server.objects().get(key)?.data?.equals(data), `${key} of the older backup was touched`);
    }
    assertNoCanary(run.stdout + run.stderr);
    const sessions = `select count(*) from pg_stat_activity where application_name like 'pg-offsite%'`;
    const running = await postgres.psql('select 1').catch(() => '');
    if (running !== '') await until('no session is left', async () => (await postgres.psql(sessions)) === '0');
  };

  const assertFailed: Scene['assertFailed'] = async (run, expected) => {
    const { exitCode, stdout, stderr } = run;
    assert.equal(exitCode, expected.exitCode, stderr);
    const result = onlyLine(stdout);
    assert.equal(result['outcome'], 'failure');
    assert.equal(result['exitCode'], expected.exitCode);
    assert.match(String(result['error']), expected.error);
    if (expected.hint) assert.match(String(result['hint']), expected.hint);
    assert.ok(stderr.includes(String(result['error'])), `the cause is not in the log: ${stderr}`);
    assert.deepEqual(added(), [], 'objects were left behind');
    await assertClean(run);
    return result;
  };

  return {
    get postgres() {
      return postgres;
    },
    get server() {
      return server;
    },
    env,
    start,
    async succeeds(changes, runOptions) {
      const run = await start(changes, runOptions).ended;
      assert.equal(run.exitCode, 0, run.stderr);
      const result = onlyLine(run.stdout);
      assert.equal(result['outcome'], 'success');
      assert.equal(result['exitCode'], 0);
      await assertClean(run);
      const folders = new Set(added().map((key) => key.slice(0, key.lastIndexOf('/'))));
      assert.deepEqual([...folders], [`nightly/${String(result['database'])}/${String(result['id'])}`]);
      return { result, run };
    },
    async fails(changes, expected, runOptions) {
      const run = await start(changes, runOptions).ended;
      await assertFailed(run, expected);
      return run;
    },
    assertFailed,
    addedFiles: () => added().map((key) => key.slice(key.lastIndexOf('/') + 1)),
  };
}

/** Asserts that standard output is exactly one line and returns the object in it. */
export function onlyLine(stdout: string): Result {
  assert.match(stdout, /^[^\n]+\n$/);
  return JSON.parse(stdout) as Result;
}

/** Asserts that a text holds no secret, in whichever form. */
export function assertNoCanary(text: string): void {
  assertHidden(text, canaries);
}

/** The same of other secrets, by name. */
export function assertHidden(text: string, secrets: Readonly<Record<string, string>>): void {
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of formsOf(secret)) assert.ok(!text.includes(form), `${name} shows up in: ${text.slice(0, 5000)}`);
  }
}

function formsOf(secret: string): string[] {
  const encoded = [
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ x: secret }).toString().slice(2),
  ];
  const json = JSON.stringify(secret).slice(1, -1);
  const bytes = Buffer.from(secret);
  return [
    ...[secret, ...encoded, ...encoded.map((form) => form.replace(/%../g, (code) => code.toLowerCase()))],
    ...[
      json,
      JSON.stringify(json).slice(1, -1),
      secret.replaceAll("'", String.raw`'\''`),
      secret.replaceAll("'", "''"),
    ],
    ...[bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')],
    // As the password of a login by HTTP, whoever the user is: what does not depend on its neighbours.
    ...['', 'a', 'ab'].map((user) => Buffer.from(`${user}:${secret}`).toString('base64').slice(4, -4)),
  ];
}
