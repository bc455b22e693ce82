import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedsFrom, tryChaos } from './chaos.ts';
import type { Doctoring } from './program.ts';
import { type Schedule, scheduleOf, type Step } from './schedule.ts';

/*
 * A judge that cannot find anything wrong is worth nothing: here is a program that breaks the promise, in one place at a
 * time, and seeds find it. Those that cannot have to do with it are left out, so that it does not take long.
 */
interface Break {
  readonly what: string;
  readonly doctorings: readonly Doctoring[];
  /** Whether a step can show it. */
  readonly shows: (step: Step, schedule: Schedule) => boolean;
  /** What the judge says then. */
  readonly wrong: RegExp;
}

const strikes = (step: Step, ...kinds: string[]): boolean => step.strokes.some(({ kind }) => kinds.includes(kind));

const breaks: readonly Break[] = [
  {
    what: 'takes the end of the data for success',
    doctorings: [
      { file: 'pipeline/processes.ts', find: 'if (exit) throw', replace: 'if (false) throw' },
      {
        file: 'pipeline/processes.ts',
        find: "if (ending.signal.aborted) throw new Failure('dump', 'the pipeline was stopped",
        replace: "if (false) throw new Failure('dump', 'the pipeline was stopped",
      },
    ],
    shows: (step) => step.command === 'backup' && strikes(step, 'broken program', 'killed at its end', 'little memory'),
    wrong: /is no backup, though it looks like one|no cause is told/,
  },
  {
    what: 'aborts no upload',
    doctorings: [
      {
        file: 'store/s3/put-stream.ts',
        find: 'async #cleanUp(): Promise<void> {',
        replace: 'async #cleanUp(): Promise<void> {\n    if (Date.now() > 0) return;',
      },
    ],
    shows: (step, { size }) =>
      step.command === 'backup' && size === 'large' && (step.level === 'heavy' || step.strokes.length > 0),
    wrong: /an upload of .* is open, and nobody is told/,
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
    shows: (step, { form }) =>
      step.command === 'backup' && form.verify === 'download' && (step.level === 'heavy' || step.level === 'medium'),
    wrong: /is not what the manifest says/,
  },
  {
    what: 'leaves what a failed run has written',
    doctorings: [
      {
        file: 'backup/written.ts',
        find: 'async [Symbol.asyncDispose](): Promise<void> {',
        replace: 'async [Symbol.asyncDispose](): Promise<void> {\n    if (Date.now() > 0) return;',
      },
    ],
    shows: (step) => step.command === 'backup' && (step.level === 'heavy' || strikes(step, 'signal', 'terminate')),
    wrong: /was left by a run that failed, and nobody is told/,
  },
  {
    what: 'dumps another moment than it counts',
    doctorings: [{ file: 'postgres/dump.ts', find: '`--snapshot=${snapshot}`,', replace: '' }],
    shows: (step) => step.command === 'backup',
    wrong: /the manifest counts/,
  },
];

for (const { what, doctorings, shows, wrong } of breaks) {
  test(`chaos finds a program that ${what}`, async () => {
    const fitting = [...seedsFrom(1, 3000)].filter((seed) => {
      const schedule = scheduleOf(seed);
      return schedule.steps.some((step) => shows(step, schedule));
    });
    let found: string | undefined;
    let others = '';
    await tryChaos({
      seeds: fitting.slice(0, 60),
      doctorings,
      enough: () => found !== undefined,
      onVerdict: (verdict) => {
        found ??= verdict.wrong.find((one) => wrong.test(one));
        others += verdict.wrong.join('\n');
      },
    });
    assert.ok(found !== undefined, `not found; what was: ${others}`);
  });
}
