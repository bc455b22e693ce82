import prettyBytes from 'pretty-bytes';
import type { RetentionPolicy } from '../config/config.ts';
import { namedDatabases } from '../config/databases.ts';
import { Failure } from '../errors.ts';
import { type Removal, removeFolders } from '../retention/apply.ts';
import { policyWords, renderPlan, reasonWords } from '../retention/calendar.ts';
import { planRetention, type RetentionPlan, tooMuch } from '../retention/plan.ts';
import { type LeftoverFolder, type StoredBackup, type Survey, surveyStore } from '../retention/survey.ts';
import { oneLine } from '../visible.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { openReader, type Reader } from './reader.ts';
import { telling } from './telling.ts';

type Plan = RetentionPlan<StoredBackup, LeftoverFolder>;

/** What was planned for one database, and what came of it. */
interface Pruned {
  readonly survey: Survey;
  readonly plan: Plan;
  /** Undefined where nothing was to be removed: a dry run, a refusal. */
  readonly removal: Removal | undefined;
  readonly refusal: Failure | undefined;
}

const usage = 'prune [--dry-run] [--yes] [--database NAME | --all] [--json]';

/** `prune`: shows which backups stay and why, and removes the others. Exits with the code of what failed first. */
export const prune: Command = {
  summary: 'remove the backups that the KEEP_ variables do not keep',
  usage,
  run: telling('prune', async (edge, notes) => {
    const { values } = readArguments(
      edge.args,
      {
        'dry-run': { type: 'boolean' },
        yes: { type: 'boolean' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        database: { type: 'string' },
      },
      usage,
      0,
    );
    using reader = openReader(edge);
    const policy = policyOf(reader);
    const wanted = values.database === undefined ? namedDatabases(reader.config) : [values.database];
    const all = values.all === true || (values.database === undefined && reader.config.databases?.names === 'all');
    const dryRun = values['dry-run'] === true;
    notes.dryRun = dryRun;
    const { backupTimeoutMs } = reader.config;
    const surveys: Survey[] = [];
    for (const database of all || wanted.length === 0 ? [undefined] : wanted) {
      surveys.push(...(await surveyStore({ store: reader.store, database, backupTimeoutMs, signal: edge.signal })));
    }
    if (!all && wanted.length === 0 && surveys.length > 1 && !dryRun) throw severalDatabases(surveys);

    const done: Pruned[] = [];
    for (const survey of surveys) {
      const plan = planRetention({ ...survey, policy, now: new Date() });
      const refusal = plan.refused ?? (values.yes === true ? undefined : tooMuch(plan, survey.database));
      if (values.json !== true) tellPlan(reader, survey, plan, policy);
      const removal =
        dryRun || refusal
          ? undefined
          : await removeFolders(
              reader.store,
              [...plan.finish, ...plan.remove].map(({ entry }) => entry),
              edge.signal,
            );
      done.push({ survey, plan, removal, refusal });
      if (values.json !== true) tellRemoval(reader, { survey, plan, removal, refusal }, dryRun);
      if (removal?.interrupted) break;
    }
    if (values.json === true) reader.print(`${JSON.stringify(asJson(reader, done, policy, dryRun))}\n`);
    else
      for (const none of without(surveys, all ? [] : wanted))
        reader.print(`no backup${none} in ${reader.store.location}\n`);
    const failures = done.flatMap(({ refusal, removal }) => [
      ...(removal?.interrupted ? [removal.interrupted] : []),
      ...(refusal && !dryRun ? [refusal] : []),
      ...(removal?.failed.map(({ failure }) => failure) ?? []),
    ]);
    notes.database = surveys.length === 1 ? surveys[0]?.database : all || wanted.length > 1 ? undefined : wanted[0];
    notes.failure = failures[0];
    return failures[0]?.exitCode ?? 0;
  }),
};

function policyOf({ config }: Reader): RetentionPolicy {
  if (config.retention) return config.retention;
  throw new Failure('config', 'no KEEP_ variable is set, so nothing is ever removed', {
    hint: 'Set for example KEEP_WITHIN=35d KEEP_WEEKLY=9 KEEP_MONTHLY=12, and see with prune --dry-run what stays.',
  });
}

function severalDatabases(surveys: readonly Survey[]): Failure {
  const names = surveys.map(({ database }) => database).join(', ');
  return new Failure('usage', `backups of several databases are there: ${names}`, {
    hint: 'Say which one with --database, or --all where the same KEEP_ variables are right for all of them.',
  });
}

function tellPlan({ print }: Reader, survey: Survey, plan: Plan, policy: RetentionPolicy): void {
  const { database, backups, leftovers, untouched } = survey;
  const size = prettyBytes(plan.remove.reduce((sum, { bytes }) => sum + bytes, 0));
  const { length } = plan.remove;
  const go = length === 0 ? 'none goes' : `${String(length)} ${length === 1 ? 'goes' : 'go'} (${size})`;
  print(
    `${oneLine(database)}: ${String(plan.keep.length)} of ${count(backups.length, 'backup')} ${plan.keep.length === 1 ? 'stays' : 'stay'}, ${go}\n${policyWords(policy)}\n`,
  );
  if (backups.length > 0) print(`\n${renderPlan(plan, policy.timeZone)}\n`);
  for (const { entry, by } of plan.finish) print(`goes: ${entry.folder}, left by a ${by} that was interrupted\n`);
  for (const { entry, by } of leftovers.filter((leftover) => !plan.finish.includes(leftover))) {
    const why = by === 'prune' ? 'whose manifest is gone' : 'left by a run that was interrupted,';
    print(`left alone: ${entry.folder}, ${why} although the KEEP_ variables keep its time\n`);
  }
  for (const { folder, why } of untouched) print(`left alone, not counted: ${folder}, ${why}\n`);
  for (const warning of plan.warnings) print(`warning: ${warning}\n`);
}

function tellRemoval({ print }: Reader, { survey, plan, removal, refusal }: Pruned, dryRun: boolean): void {
  if (refusal) print(`${dryRun ? 'would be refused' : 'REFUSED'}: ${refusal.message}\n${hintLine(refusal)}`);
  if (dryRun) print('nothing was removed: this was a dry run\n');
  if (!removal) return;
  for (const { key, failure } of removal.failed) print(`FAIL  ${key}: ${failure.message}\n${hintLine(failure)}`);
  const { length } = [...plan.finish, ...plan.remove];
  if (length > 0) {
    const freed = prettyBytes(removal.bytesFreed);
    print(
      `${oneLine(survey.database)}: removed ${String(removal.removed.length)} of ${String(length)}, ${freed} freed\n`,
    );
  }
  if (removal.interrupted) print(`${removal.interrupted.message}: the next prune goes on from here\n`);
}

function hintLine({ hint }: Failure): string {
  return hint === undefined ? '' : `      ${hint}\n`;
}

function asJson({ store }: Reader, done: readonly Pruned[], policy: RetentionPolicy, dryRun: boolean): object {
  return {
    location: store.location,
    dryRun,
    policy,
    databases: done.map(({ survey, plan, removal, refusal }) => ({
      database: survey.database,
      keep: plan.keep.map(({ backup, reasons }) => ({ id: backup.id, reasons, because: reasonWords(reasons) })),
      remove: plan.remove.map(({ id, bytes }) => ({ id, bytes })),
      finish: plan.finish.map(({ entry }) => entry.folder),
      untouched: survey.untouched,
      warnings: plan.warnings,
      ...(refusal && { refused: refusal.message, hint: refusal.hint }),
      removed: removal?.removed ?? [],
      failed: (removal?.failed ?? []).map(({ id, key, failure }) => ({ id, key, error: failure.message })),
      bytesFreed: removal?.bytesFreed ?? 0,
      ...(removal?.interrupted && { interrupted: removal.interrupted.message }),
    })),
  };
}

/** The databases that were asked for and have no backup, or that there is none at all, as words. */
function without(surveys: readonly Survey[], wanted: readonly string[]): string[] {
  const found = new Set(surveys.map(({ database }) => database));
  if (wanted.length === 0) return found.size === 0 ? [''] : [];
  return wanted.filter((name) => !found.has(name)).map((name) => ` of ${oneLine(name)}`);
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
