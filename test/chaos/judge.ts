import { onlyLine } from '../backup/scene.ts';
import type { S3Server } from '../support/s3-server.ts';
import type { Played } from './play.ts';
import { mustSucceed, type Schedule } from './schedule.ts';
import { backupsOf, bytesOf, type Folder, type Shelf } from './shelf.ts';

/** What the result line says about one database. */
export interface Said {
  readonly outcome: 'success' | 'failure';
  readonly exitCode: number;
  readonly database?: string;
  readonly id?: string;
  readonly error?: string;
}

/** The exit codes that a cause may lead to. */
const codesOf: readonly (readonly [cause: RegExp, codes: readonly number[]])[] = [
  [/^(answer|reset|lose-reply|hang|late|slow-read|cut-body|short-body)/, [74]],
  // An object that the store has lost the reply of may be listed late, and an answer that is cut short says less.
  [/^(corrupt|short-body|cut-body)/, [64, 65, 74, 76]],
  [/program|memory|killed at its end/, [65, 74, 76, 78]],
  [/^terminate/, [65, 69, 76]],
  [/^SIGTERM/, [143]],
  [/^SIGINT/, [130]],
  [/^deadline/, [124]],
  [/^small disk/, [65, 69, 74, 76, 78]],
];

/** What is wrong with how a run ended: an exit code that nothing explains, something left, a cause that is not told. */
export function judgeEnd({ run, step, acted, abrupt, tookTooLong, orphans, scratch }: Played): string[] {
  const wrong: string[] = [];
  const { exitCode, signal, stderr } = run;
  if (tookTooLong) wrong.push('it did not end');
  const isKilled = step.strokes.some(({ kind }) => kind === 'killed at its end');
  if (isKilled && exitCode === 0) wrong.push('pg_dump was killed, and that was taken for a success');
  const causes = [
    ...acted,
    ...(typeof step.ownServer === 'number' ? ['small disk'] : []),
    ...(step.damaged ? ['corrupt'] : []),
  ];
  if (step.damaged && exitCode === 0) wrong.push('it found nothing wrong with a damaged backup');
  const expected = new Set([
    0,
    ...codesOf.flatMap(([cause, codes]) => (causes.some((one) => cause.test(one)) ? codes : [])),
  ]);
  const killed = acted.includes('SIGKILL') || tookTooLong;
  if (signal !== null && !killed) wrong.push(`it was ended by ${signal}`);
  if (exitCode !== null && !expected.has(exitCode)) wrong.push(`nothing explains the exit code ${String(exitCode)}`);
  if (mustSucceed(step) && exitCode !== 0)
    wrong.push(`it met nothing that it could not wait out, and ended with ${String(exitCode)}`);
  if (orphans.length > 0) wrong.push(`processes were left: ${orphans.join('; ')}`);
  if (scratch.length > 0 && !abrupt) wrong.push(`left in TMPDIR: ${scratch.join(', ')}`);
  // What reads shows its result, good or bad, on standard output.
  const isTold = /ERROR: \S|"level":"error"/.test(stderr) || (step.command !== 'backup' && run.stdout !== '');
  if (exitCode !== null && exitCode !== 0 && !abrupt && !isTold) wrong.push('no cause is told');
  return wrong;
}

/** The result lines of a backup, one for each database; empty where it was killed. Says what is wrong with the line. */
export function readSaid({ run, acted, abrupt }: Played): {
  readonly said: readonly Said[];
  readonly wrong: readonly string[];
} {
  if (run.exitCode === null || acted.includes('SIGKILL') || (abrupt && run.stdout === ''))
    return { said: [], wrong: [] };
  try {
    const line = onlyLine(run.stdout) as unknown as Said & { readonly databases?: readonly Said[] };
    const wrong: string[] = [];
    if (line.exitCode !== run.exitCode)
      wrong.push(`it says ${String(line.exitCode)} and ends with ${String(run.exitCode)}`);
    if ((line.outcome === 'success') !== (run.exitCode === 0))
      wrong.push(`${line.outcome} with ${String(run.exitCode)}`);
    if (line.error !== undefined && !run.stderr.includes(line.error)) wrong.push('the cause is not in the log');
    return { said: line.databases ?? [line], wrong };
  } catch (error) {
    return { said: [], wrong: [`standard output: ${String(error)}`] };
  }
}

/** What is wrong with the older backups: touched, or taken although they are to be kept. */
export function judgeOlder(before: Shelf, after: Shelf, { form }: Schedule, mayPrune: boolean): string[] {
  const wrong: string[] = [];
  for (const database of ['shop', 'crm']) {
    const keeps = mayPrune && form.keepLast !== undefined ? Math.max(form.keepLast, form.keepMinimum, 1) : Infinity;
    // The newest of all, then: those that were there before and are now.
    const newest = backupsOf(new Map([...after, ...before]), database).slice(0, keeps);
    for (const old of backupsOf(before, database)) {
      const now = after.get(`${database}/${old.id}`);
      const isTaken = now?.isBackup !== true;
      if (isTaken && newest.some(({ id }) => id === old.id)) wrong.push(`${database} ${old.id} is gone`);
      if (isTaken && now?.isHollow) wrong.push(`${database} ${old.id} has its manifest and no dump`);
      if (!isTaken && !isSame(old, now)) wrong.push(`${database} ${old.id} was touched`);
    }
  }
  return wrong;
}

function isSame(old: Folder, now: Folder): boolean {
  return [...old.files].every(([file, object]) => now.files.get(file)?.data?.equals(bytesOf(object)) === true);
}

/**
 * What is wrong with what is new in the store: a backup that the run did not make, by what it says; something left of one
 * that failed; an unfinished upload. What a store did not let be removed has to be told by name. A run that was killed may
 * leave what is no backup.
 */
export function judgeNew(
  before: Shelf,
  after: Shelf,
  server: S3Server,
  { run, abrupt }: Played,
  said: readonly Said[],
  openBefore: ReadonlySet<string>,
): string[] {
  const wrong: string[] = [];
  const told = (what: string): boolean =>
    run.stderr
      .split('\n')
      .some(
        (line) =>
          line.includes(what) && /could not remove|could not be removed|cannot make sure|cannot tell/.test(line),
      );
  for (const [path, folder] of after) {
    if (before.has(path)) continue;
    const isMade = said.some(({ outcome, id }) => outcome === 'success' && id === folder.id);
    if (isMade) {
      if (!folder.isBackup) wrong.push(`${path} is said to be made and is no backup`);
      continue;
    }
    if (folder.isHollow && !told(`${path}/manifest.json`)) wrong.push(`${path} has a manifest and no dump`);
    if (abrupt) continue;
    for (const file of folder.files.keys()) {
      if (!told(`${path}/${file}`)) wrong.push(`${path}/${file} was left by a run that failed, and nobody is told`);
    }
  }
  for (const { outcome, id, database } of said) {
    if (outcome === 'success' && !after.has(`${database ?? ''}/${id ?? ''}`))
      wrong.push(`${id ?? ''} is said to be made and is not there`);
  }
  for (const { key, uploadId } of abrupt ? [] : server.openUploads) {
    // Of a run that was killed: the next backup that is late enough ends it.
    if (openBefore.has(uploadId)) continue;
    if (!told(uploadId) && !told(key)) wrong.push(`an upload of ${key} is open, and nobody is told`);
  }
  return wrong;
}
