import { parseArgs } from 'node:util';
import { describeWrong, seedsFrom, tryChaos, usualBenches } from './chaos.ts';
import { Figures } from './figures.ts';
import { openLaboratory } from './laboratory.ts';
import { describeSchedule, scheduleOf } from './schedule.ts';

const usage = `npm run chaos [-- options]: backups, prunes, drills and restores under random faults, judged after each

  --seeds N      try so many seeds (default: 200)
  --from N       from this one on (default: 1)
  --seed N       try this one alone, and show everything that its runs say
  --minutes N    begin no seed after so many minutes
  --at-once N    so many seeds at a time (default: two for each core, ${String(usualBenches)} here)
  --patience N   let runs wait N times as long for the store and for programs, on a machine that is busy (default: 1)
  --dry-run      show the schedules and play none
  --help         show this

A series ends with the table of docs/RELIABILITY.md, and tells every 100 seeds what it has come to. The exit code is 1 where a seed breaks the promise; how to try that one again is shown.
`;
const print = (text: string): void => void process.stdout.write(text);

/** What the command line asks for; throws with what is wrong with it. */
function asked() {
  const number = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ seeds: number, from: number, seed: number, minutes: number, 'at-once': number, patience: number },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const read = (name: 'seeds' | 'from' | 'seed' | 'minutes' | 'at-once' | 'patience'): number | undefined => {
    const text = values[name];
    if (text !== undefined && !/^[1-9]\d{0,8}$/.test(text))
      throw new Error(`--${name} ${text}: not a number from 1 on`);
    return text === undefined ? undefined : Number(text);
  };
  const one = read('seed');
  const minutes = read('minutes');
  return {
    help: values.help === true,
    isDry: values['dry-run'] === true,
    one,
    seeds: one === undefined ? seedsFrom(read('from') ?? 1, read('seeds') ?? 200) : [one],
    patience: read('patience') ?? 1,
    forMs: minutes === undefined ? Infinity : minutes * 60_000,
    benches: one === undefined ? (read('at-once') ?? usualBenches) : 1,
  };
}

async function run({ help, isDry, one, seeds, forMs, benches, patience }: ReturnType<typeof asked>): Promise<number> {
  if (help) {
    print(usage);
    return 0;
  }
  if (isDry) {
    for (const seed of seeds) print(`${describeSchedule(scheduleOf(seed))}\n`);
    return 0;
  }
  const figures = new Figures();
  await using laboratory = await openLaboratory(benches, patience);
  await tryChaos(laboratory, {
    seeds,
    forMs,
    onVerdict: (verdict, schedule) => {
      figures.add(verdict);
      if (verdict.wrong.length > 0) print(describeWrong(verdict, schedule));
      else if (one !== undefined) print(`${describeSchedule(schedule)}\n${verdict.log}\n`);
      // A long series is worth something even where it is ended early.
      if (figures.seeds % 100 === 0) print(`so far: ${figures.describe()}`);
    },
  });
  print(`${figures.describe()}\n${figures.table()}`);
  return figures.broken.length === 0 ? 0 : 1;
}

let request: ReturnType<typeof asked> | undefined;
try {
  request = asked();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
if (request) process.exitCode = await run(request);
