import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeWrong, seedsFrom, tryChaos, usualBenches } from './chaos.ts';
import { type Laboratory, openLaboratory } from './laboratory.ts';
import { scheduleOf } from './schedule.ts';

/* Random faults over whole runs, judged after each by a process that knows nothing of it: see docs/RELIABILITY.md. */
const [all, atATime] = [200, 25];
let laboratory: Laboratory;
before(async () => {
  laboratory = await openLaboratory(usualBenches);
});
after(() => laboratory[Symbol.asyncDispose]());

for (let first = 1; first <= all; first += atATime) {
  test(`the promise holds whatever befalls a run: seeds ${String(first)} to ${String(first + atATime - 1)}`, async () => {
    const broken: string[] = [];
    let tried = 0;
    await tryChaos(laboratory, {
      seeds: seedsFrom(first, atATime),
      onVerdict: (verdict, schedule) => {
        tried += 1;
        if (verdict.wrong.length > 0) broken.push(describeWrong(verdict, schedule));
      },
    });
    assert.equal(tried, atATime);
    assert.equal(broken.join('\n'), '');
  });
}

test('a seed gives the whole schedule, and others give others', () => {
  const schedules = [...seedsFrom(1, 500)].map((seed) => JSON.stringify({ ...scheduleOf(seed), seed: 0 }));
  assert.deepEqual(
    schedules,
    [...seedsFrom(1, 500)].map((seed) => JSON.stringify({ ...scheduleOf(seed), seed: 0 })),
  );
  assert.ok(new Set(schedules).size > 400);
});
