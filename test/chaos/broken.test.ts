import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { S3Call } from '../support/s3-server.ts';
import { seedsFrom, tryChaos } from './chaos.ts';
import { type Laboratory, openLaboratory } from './laboratory.ts';
import { bundleProgram, type Doctoring } from './program.ts';
import { RequestFaults } from './requests.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/*
 * A judge that cannot find anything wrong is worth nothing: here are programs that break the promise, each in one place,
 * and seeds find it. Seeds that cannot have to do with it are left out, so that it does not take long.
 */
let laboratory: Laboratory;
before(async () => {
  laboratory = await openLaboratory(2);
});
after(() => laboratory[Symbol.asyncDispose]());

interface Break {
  readonly what: string;
  readonly doctorings: readonly Doctoring[];
  /** Whether a schedule can show it. */
  readonly shows: (schedule: Schedule) => boolean;
  /** What the judge says then. */
  readonly wrong: RegExp;
}

/** Begins with a backup of one database whose requests go well and whose pg_dump is killed at its end. */
const dies = ({ steps: [first], form }: Schedule): boolean =>
  first?.command === 'backup' &&
  form.databases.length === 1 &&
  (first.level === 'none' || first.level === 'light') &&
  first.strokes.length === 1 &&
  first.strokes[0]?.kind === 'killed at its end';

/** The same, but pg_dump is killed in the middle. */
const breaksOff = ({ steps: [first], form, size }: Schedule): boolean => {
  const stroke = first?.strokes[0];
  if (first?.command !== 'backup' || form.databases.length > 1 || size !== 'large' || first.level === 'heavy')
    return false;
  return stroke?.kind === 'broken program' && stroke.program === 'pg_dump' && stroke.how === 'killed';
};

/** Whether the store flips a bit of a dump that is stored in one request. */
const flips = ({ seed, size, steps: [first], form }: Schedule): boolean => {
  const { format, compression, encryption, jobs, databases, verify } = form;
  if (jobs > 1 || databases.length > 1 || verify !== 'download' || encryption === 'gpg-passphrase') return false;
  if (size !== 'small' || first?.command !== 'backup' || first.level !== 'medium' || first.strokes.length > 0)
    return false;
  const packed = { zstd: '.zst', gzip: '.gz', none: '' }[compression] + { age: '.age', none: '' }[encryption];
  const key = `nightly/shop/id/database.${format === 'custom' ? 'dump' : 'sql'}${packed}`;
  const faults = new RequestFaults(['requests', seed, 0], first.level, { stored: true, read: true });
  return faults.decide({ operation: 'PutObject', key, partNumber: undefined } as S3Call)?.kind === 'corrupt';
};

const skip = (file: string, head: string): Doctoring => ({
  file,
  find: head,
  replace: `${head} if (Date.now() > 0) return;`,
});

const breaks: readonly Break[] = [
  {
    what: 'takes the end of the data for success',
    doctorings: [{ file: 'pipeline/processes.ts', find: 'const exit = blamed();', replace: 'return;' }],
    shows: (schedule) => dies(schedule) || breaksOff(schedule),
    wrong: /is no backup, though it looks like one|pg_dump was killed/,
  },
  {
    what: 'ends no upload of a dump that failed',
    doctorings: [skip('store/s3/put-stream.ts', 'async #cleanUp(): Promise<void> {')],
    shows: (schedule) => dies(schedule) && schedule.size === 'large' && schedule.form.compression === 'none',
    wrong: /an upload of .* is open, and nobody is told/,
  },
  {
    what: 'leaves what a failed run has written',
    doctorings: [skip('backup/written.ts', 'async [Symbol.asyncDispose](): Promise<void> {')],
    shows: (schedule) => dies(schedule) && schedule.form.globals === 'on',
    wrong: /was left by a run that failed, and nobody is told/,
  },
  {
    what: 'does not read back what it has stored',
    doctorings: [
      {
        file: 'backup/verify.ts',
        find: "if (mode === 'download') {",
        replace: "if (mode === 'download' && Date.now() === 0) {",
      },
    ],
    shows: flips,
    wrong: /is not what the manifest says/,
  },
  {
    what: 'dumps another moment than it counts',
    doctorings: [{ file: 'postgres/dump.ts', find: '`--snapshot=${snapshot}`,', replace: '' }],
    shows: ({ steps: [first] }) => first?.command === 'backup' && first.strokes.length === 0 && first.level === 'none',
    wrong: /the manifest counts/,
  },
];

for (const { what, doctorings, shows, wrong } of breaks) {
  test(`a program that ${what} is found`, async () => {
    using program = await bundleProgram(doctorings);
    const seeds = [...seedsFrom(1, 20_000)].filter((seed) => shows(scheduleOf(seed))).slice(0, 10);
    const said: string[] = [];
    await tryChaos(
      { ...laboratory, program },
      {
        seeds,
        enough: () => said.some((one) => wrong.test(one)),
        onVerdict: (verdict) => said.push(...verdict.wrong),
      },
    );
    assert.ok(
      said.some((one) => wrong.test(one)),
      `of ${String(seeds.length)} seeds: ${said.join('\n')}`,
    );
  });
}
