import type pg from 'pg';
import { momentOf } from './bank.ts';
import type { Played, Stage } from './play.ts';
import { Random } from './random.ts';
import { differsFromSource, lookInto, withDatabase } from './restored.ts';
import type { Step } from './schedule.ts';
import { backupsOf, bytesOf, dumpsIn, lookAt } from './shelf.ts';

/** Plays a step with more arguments and variables. */
export type PlayWith = (args: readonly string[], variables: Readonly<Record<string, string>>) => Promise<Played>;

/** Restores, drills or verifies the newest backup; says what is wrong with what came of it. */
export async function readBack(
  stage: Stage,
  step: Step,
  playWith: PlayWith,
): Promise<{ played: Played; wrong: string[] }> {
  if (step.damaged) damageNewest(stage);
  if (step.command === 'restore') return restored(stage, playWith);
  if (step.command === 'drill') return drilled(stage, step, playWith);
  return { played: await playWith(['verify', 'latest', '--database', 'shop'], {}), wrong: [] };
}

/** In the middle of the dump, or of one of its lanes. */
function damageNewest({ server, schedule }: Stage): void {
  const [newest] = backupsOf(lookAt(server), 'shop');
  const dumps = newest ? dumpsIn(newest.files) : [];
  const file = dumps[new Random('damage', schedule.seed).between(0, dumps.length - 1)] ?? '';
  const object = newest?.files.get(file);
  if (!object) throw new Error('there is nothing to damage');
  const data = Buffer.from(bytesOf(object));
  const middle = data.length >> 1;
  data[middle] = (data[middle] ?? 0) ^ 1;
  server.objects().set(object.key, { ...object, data });
}

async function restored(stage: Stage, playWith: PlayWith): Promise<{ played: Played; wrong: string[] }> {
  const { bench } = stage;
  const { restoreJobs } = stage.schedule.form;
  const [newest] = backupsOf(lookAt(stage.server), 'shop');
  return await withDatabase(bench, 'target', async (client) => {
    const played = await playWith(['restore', 'latest', '--database', 'shop'], {
      TARGET_DATABASE_URL: bench.postgres.url('target'),
    });
    await othersGone(client);
    if (await isEmpty(client)) return { played, wrong: played.run.exitCode === 0 ? ['nothing was restored'] : [] };
    // All of it or nothing: what is told as a failure may have been done already. Lanes, and indexes that are made by
    // several sessions, are more than one transaction: a part may be left then, which is told.
    const lanes = newest ? dumpsIn(newest.files).length : 0;
    const inParts = lanes > 1 || restoreJobs === '2' || restoreJobs === 'auto';
    const { exitCode, stdout, stderr } = played.run;
    const isTold = inParts && exitCode !== 0 && (played.abrupt || (stdout + stderr).includes(' is incomplete'));
    try {
      const moment = await momentOf(client);
      const wrong =
        newest && isOfNow(stage, newest.id)
          ? await lookInto(bench, 'shop', (source) => differsFromSource(source, moment))
          : undefined;
      return { played, wrong: wrong === undefined || isTold ? [] : [`restored by the program: ${wrong}`] };
    } catch (error) {
      return { played, wrong: isTold ? [] : [`a part was restored: ${String(error)}`] };
    }
  });
}

/** Not one of the past, which were made of a small database. */
function isOfNow({ laboratory }: Stage, id: string): boolean {
  return !laboratory.history.some(({ key }) => key.includes(id));
}

async function othersGone(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const others = await client.query(
      'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    if (others.rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('sessions of a restore that has ended are still there');
}

async function isEmpty(client: pg.Client): Promise<boolean> {
  const found = await client.query(
    `SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL SELECT FROM pg_largeobject_metadata`,
  );
  return found.rowCount === 0;
}

async function drilled(
  { server, bench }: Stage,
  step: Step,
  playWith: PlayWith,
): Promise<{ played: Played; wrong: string[] }> {
  const elsewhere = step.ownServer === undefined;
  const played = await playWith(
    ['drill', 'latest', '--database', 'shop'],
    elsewhere ? { DRILL_DATABASE_URL: bench.postgres.url() } : {},
  );
  const wrong: string[] = [];
  const [newest] = backupsOf(lookAt(server), 'shop');
  const proofs = [...(newest?.files ?? [])].filter(([file]) => /^proof-.*\.json$/.test(file));
  const passed = proofs.some(([, object]) => bytesOf(object).includes('"outcome": "passed"'));
  if (played.run.exitCode === 0 && !passed) wrong.push('the drill passed and left no proof');
  if (step.damaged && passed) wrong.push('there is a proof of a damaged backup');
  if (played.abrupt) return { played, wrong };
  const told = /could not (be )?(drop|remove)/.test(played.run.stderr);
  const left = await leftDatabases(bench.admin);
  if (left.length > 0 && !told) wrong.push(`the drill left the database ${left.join(', ')}`);
  return { played, wrong };
}

/** Databases of drills that are there now. */
export async function leftDatabases(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'pg\\_offsite\\_drill\\_%'`,
  );
  return rows.map(({ name }) => name);
}
