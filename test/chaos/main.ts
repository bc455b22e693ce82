import { parseArgs } from 'node:util';
import { describeWrong, seedsFrom, tryChaos, usualBenches } from './chaos.ts';
import { Figures } from './figures.ts';
import { openLaboratory } from './laboratory.ts';
import { describeSchedule, scheduleOf } from './schedule.ts';

/*
 * `npm run chaos`: backups, prunes, drills and restores under random faults.
 *   --seeds N     so many seeds (default 200), from --from N (default 1)
 *   --seed N      this one alone, with everything that its runs say
 *   --minutes N   begin no seed after so many
 *   --at-once N   seeds at a time (default: two for each core)
 *   --dry-run     show the schedules and play none
 * Exits with 1 where a seed breaks the promise, having shown how to try that one again.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    'at-once': { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
  },
});
const one = values.seed === undefined ? undefined : Number(values.seed);
const seeds = one === undefined ? seedsFrom(Number(values.from), Number(values.seeds)) : [one];
const print = (text: string): void => void process.stdout.write(text);

if (values['dry-run']) {
  for (const seed of seeds) print(`${describeSchedule(scheduleOf(seed))}\n`);
} else {
  const figures = new Figures();
  await using laboratory = await openLaboratory(one === undefined ? Number(values['at-once'] ?? usualBenches) : 1);
  await tryChaos(laboratory, {
    seeds,
    ...(values.minutes !== undefined && { forMs: Number(values.minutes) * 60_000 }),
    onVerdict: (verdict, schedule) => {
      figures.add(verdict);
      if (verdict.wrong.length > 0) print(describeWrong(verdict, schedule));
      else if (one !== undefined) print(`${describeSchedule(schedule)}\n${verdict.log}\n`);
    },
  });
  print(figures.describe());
  process.exitCode = figures.broken.length === 0 ? 0 : 1;
}
