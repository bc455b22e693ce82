import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { type EndedRun, startEntrypoint, type StartedRun } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

type Variables = Readonly<Record<string, string>>;

/** The result line of a process of a fleet. */
export interface FleetResult {
  readonly outcome: string;
  readonly exitCode: number;
  readonly sharedBy?: string;
  readonly fleet?: object;
  readonly members?: readonly {
    readonly member: string;
    readonly outcome: string;
    readonly exitCode: number;
    readonly id?: string;
    readonly error?: string;
  }[];
  readonly error?: string;
  readonly notified?: readonly object[];
}

/** The databases of the scene, which are the fleet's members too. */
export const databases = ['billing', 'crm', 'erp', 'mail', 'shop', 'wiki'] as const;

/** A real server with several databases, and a directory store that is empty before each test. */
export interface FleetScene {
  readonly postgres: TestPostgres;
  readonly place: string;
  /** The path of a fleet file with this text. */
  file(text: string): string;
  /** A fleet file with a member for each database. */
  all(): string;
  start(args: readonly string[], variables: Variables): StartedRun;
  run(args: readonly string[], variables: Variables): Promise<{ run: EndedRun; result: FleetResult }>;
  /** How many complete backups each member has. */
  kept(): Record<string, number>;
}

/** Sets the scene: call it at the top level of a test file. */
export function useFleet(): FleetScene {
  const root = temporaryFolder();
  let postgres: TestPostgres;
  let place = '';
  let tests = 0;
  before(async () => {
    postgres = await startPostgres();
    for (const name of databases) {
      await postgres.createDatabase(name);
      await postgres.psql(`CREATE TABLE ${name}_rows AS SELECT i FROM generate_series(1, 100) i`, name);
    }
  });
  after(() => postgres.stop('immediate'));
  beforeEach(() => {
    place = join(root, `store-${String((tests += 1))}`);
  });
  const file = (text: string): string => {
    const path = join(temporaryFolder(), 'fleet.yaml');
    writeFileSync(path, text);
    return path;
  };
  const start: FleetScene['start'] = (args, variables) =>
    startEntrypoint({ BACKUP_DESTINATION: `file://${place}`, BACKUP_ATTEMPTS: '1', ...variables }, { args });
  return {
    get postgres() {
      return postgres;
    },
    get place() {
      return place;
    },
    file,
    all: () => file(databases.map((name) => `- { name: ${name}, url: "${postgres.url(name)}" }`).join('\n')),
    start,
    run: async (args, variables) => {
      const run = await start(args, variables).ended;
      assert.deepEqual(run.leftBehind, [], 'a process was left behind');
      const lines = run.stdout.split('\n').filter((line) => line !== '');
      assert.equal(lines.length, 1, run.stdout + run.stderr);
      return { run, result: JSON.parse(lines[0]!) as FleetResult };
    },
    kept: () =>
      Object.fromEntries(
        (existsSync(place) ? readdirSync(place, { withFileTypes: true }) : [])
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => [
            name,
            readdirSync(join(place, name), { recursive: true }).filter((path) =>
              String(path).endsWith('/manifest.json'),
            ).length,
          ]),
      ),
  };
}

/** Each member once. */
export const once: Record<string, number> = Object.fromEntries(databases.map((name) => [name, 1]));
