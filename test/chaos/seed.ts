import { startS3Server } from '../support/s3-server.ts';
import { startWriter, type Writer } from './bank.ts';
import { historyOf } from './history.ts';
import { judgeEnd, judgeNew, judgeOlder, readSaid, type Said } from './judge.ts';
import { type Bench, type Laboratory, storeVariables } from './laboratory.ts';
import { play, type Played, type Stage } from './play.ts';
import { leftDatabases, readBack } from './read-back.ts';
import { differsFromSource, lookInto, restoreStock } from './restored.ts';
import type { Schedule, Step } from './schedule.ts';
import { backupsOf, lookAt, type Shelf } from './shelf.ts';

/** What came of a seed. */
export interface Verdict {
  readonly seed: number;
  /** What breaks the promise; empty where it holds. */
  readonly wrong: readonly string[];
  readonly runs: readonly Played[];
  /** How many backups were restored and compared by the way. */
  readonly restored: number;
  /** What all runs have said. */
  readonly log: string;
}

const clean = { level: 'none', strokes: [], damaged: false } as const;

/** Plays a schedule, judges it after each step, and last a run with nothing wrong where something may have been left. */
export async function trySeed(laboratory: Laboratory, bench: Bench, schedule: Schedule): Promise<Verdict> {
  const server = await startS3Server({ equalParts: true });
  const stage: Stage = { laboratory, bench, server, schedule };
  for (const object of historyOf(laboratory.history, schedule.pastInLanes)) server.objects().set(object.key, object);
  await renewDatabases(bench, schedule);
  const seed = new Seed(stage, await startWriter(bench.postgres.url('shop')));
  try {
    for (const [index, step] of schedule.steps.entries()) {
      await seed.step(step, index);
      if (seed.wrong.length > 0) break;
    }
    if (seed.wrong.length === 0) await seed.last();
  } catch (error) {
    seed.wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await seed.writer.stop().catch((error: unknown) => seed.wrong.push(`the writer: ${String(error)}`));
    await server.close();
    for (const name of await leftDatabases(bench.admin)) await bench.admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
  const log = seed.runs.map(({ step, run, acted }) => {
    const end = run.signal ?? String(run.exitCode);
    return `--- ${step.command}: ${end} after ${String(Math.round(run.durationMs))} ms; it met: ${acted.join(', ') || 'nothing'}\n${run.stdout}${run.stderr}`;
  });
  return { seed: schedule.seed, wrong: seed.wrong, runs: seed.runs, restored: seed.restored, log: log.join('\n') };
}

/** The database of this size takes the name that is backed up, as it was before anybody transferred anything. */
async function renewDatabases({ admin, postgres }: Bench, { size }: Schedule): Promise<void> {
  const { rows } = await admin.query<{ name: string }>('SELECT datname AS name FROM pg_database');
  const there = new Set(rows.map(({ name }) => name));
  const other = size === 'small' ? 'large' : 'small';
  await admin.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'shop'`);
  if (there.has(`shop_${size}`)) {
    if (there.has('shop')) await admin.query(`ALTER DATABASE shop RENAME TO shop_${other}`);
    await admin.query(`ALTER DATABASE shop_${size} RENAME TO shop`);
  } else if (!there.has('shop')) {
    throw new Error('there is no database to back up');
  }
  await postgres.psql('TRUNCATE journal RESTART IDENTITY; UPDATE accounts SET balance = 1000', 'shop');
}

class Seed {
  readonly wrong: string[] = [];
  readonly runs: Played[] = [];
  restored = 0;
  readonly writer: Writer;
  readonly #stage: Stage;

  constructor(stage: Stage, writer: Writer) {
    this.#stage = stage;
    this.writer = writer;
  }

  /** One run, and all that must hold after it. */
  async step(step: Step, name: string | number): Promise<void> {
    const { server, schedule, laboratory } = this.#stage;
    const { form } = schedule;
    const before = lookAt(server);
    const openBefore = new Set(server.openUploads.map(({ uploadId }) => uploadId));
    const atFirst = this.writer.committed();
    const reads = {
      ...storeVariables(server, laboratory.patience),
      ...laboratory.keys.opening(form),
      ...(form.restoreJobs !== undefined && { RESTORE_JOBS: form.restoreJobs }),
    };
    let played: Played;
    let said: readonly Said[] = [];
    const { command } = step;
    if (command === 'backup') {
      played = await play(this.#stage, step, name, [], this.#backupVariables());
      const line = readSaid(played);
      said = line.said;
      this.#add(played, line.wrong);
    } else if (command === 'prune') {
      const { KEEP_MINIMUM = '1', KEEP_LAST = '3' } = form.variables;
      const variables = { ...reads, KEEP_MINIMUM, KEEP_LAST };
      played = await play(this.#stage, step, name, ['prune', '--yes', '--database', 'shop'], variables);
      this.#add(played, []);
    } else {
      const outcome = await readBack(this.#stage, step, (args, more) =>
        play(this.#stage, step, name, args, { ...reads, ...more }),
      );
      played = outcome.played;
      this.#add(played, outcome.wrong);
    }
    const after = lookAt(server);
    const mayPrune = command === 'prune' || (command === 'backup' && form.keepLast !== undefined);
    const asPruned = form.keepLast === undefined ? { ...schedule, form: { ...form, keepLast: 3 } } : schedule;
    if (!step.damaged) this.#add(played, judgeOlder(before, after, asPruned, mayPrune), false);
    this.#add(played, judgeNew(before, after, server, played, said, openBefore), false);
    await this.#restoreNew(before, after, said, [atFirst, this.writer.committed() + 1]);
    if (played.run.exitCode === 0 && command === 'backup' && this.wrong.length === 0 && schedule.restoredByUs) {
      const again = { ...clean, command: 'restore' } as const;
      const outcome = await readBack(this.#stage, again, (args, more) =>
        play(this.#stage, again, `${String(name)} restored`, args, { ...reads, ...more }),
      );
      this.#add(outcome.played, outcome.wrong);
    }
  }

  /** A run that nothing befalls, where one before may have left something: it succeeds, and takes away what is old. */
  async last(): Promise<void> {
    const { server } = this.#stage;
    const isLeft =
      server.openUploads.length > 0 || this.runs.some(({ abrupt, step }) => abrupt && step.command === 'backup');
    if (!isLeft) return;
    // By their age alone they are told from those of a run that is under way.
    for (const upload of server.openUploads) Object.assign(upload, { initiated: new Date(0) });
    await this.step({ ...clean, command: 'backup' }, 'last');
    if (server.openUploads.length > 0) this.wrong.push('the next run has not swept the uploads that were left');
  }

  #backupVariables(): Record<string, string> {
    const { server, schedule, laboratory, bench } = this.#stage;
    const { form } = schedule;
    const drills = form.verify === 'drill';
    return {
      ...storeVariables(server, laboratory.patience),
      ...form.variables,
      ...laboratory.keys.locking(form),
      ...(drills && { ...laboratory.keys.opening(form), DRILL_DATABASE_URL: bench.postgres.url() }),
      ...(drills && form.encryption !== 'gpg-passphrase' && { GPG_PASSPHRASE: '' }),
      DATABASE_URL: bench.postgres.url('shop'),
    };
  }

  #add(played: Played, wrong: readonly string[], isNew = true): void {
    if (isNew) {
      this.runs.push(played);
      this.wrong.push(...judgeEnd(played).map((what) => `${played.step.command}: ${what}`));
    }
    this.wrong.push(...wrong.map((what) => `${played.step.command}: ${what}`));
  }

  /** Whatever is new and looks like a backup is one, whoever has left it, and holds a moment of the run. */
  async #restoreNew(
    before: Shelf,
    after: Shelf,
    said: readonly Said[],
    [first, last]: [number, number],
  ): Promise<void> {
    const { laboratory, bench } = this.#stage;
    for (const [path, folder] of after) {
      if (before.has(path) || !folder.isBackup) continue;
      try {
        const moment = await restoreStock(laboratory, bench, folder);
        this.restored += 1;
        const differs = await lookInto(bench, folder.database, (source) => differsFromSource(source, moment));
        if (differs !== undefined) this.wrong.push(`${path}: ${differs}`);
        const outside = moment.transfers < first || moment.transfers > last;
        if (outside && folder.database === 'shop') {
          this.wrong.push(
            `${path} holds ${String(moment.transfers)} transfers, of ${String(first)} to ${String(last)}`,
          );
        }
      } catch (error) {
        this.wrong.push(
          `${path} is no backup, though it looks like one: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    for (const { outcome, id, database = '' } of said) {
      const [newest] = backupsOf(after, database);
      if (outcome === 'success' && newest?.id !== id)
        this.wrong.push(`the newest backup of ${database} is not ${id ?? ''}`);
    }
  }
}
