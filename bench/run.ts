import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchOptions, openBench } from './open-bench.ts';
import { writeReport } from './page.ts';
import { sections } from './sections.ts';

/*
 * `npm run bench`: the figures that the README quotes, measured side by side on this machine. `--help` tells the rest.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: 'Infinity' },
    write: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const width = Math.max(...sections.map(({ name }) => name.length));
const usage = `measure how fast pg-offsite is, beside what else there is

usage: npm run bench [-- [SECTION]… [--size N] [--rounds N] [--minutes N] [--write FOLDER]]

${sections.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

  --size     of the database, as a multiple of 1.16 GB; default 1
  --rounds   how often each way is measured; default 3
  --minutes  after so many no further round begins, but the first of each section does
  --write    a checkout whose bench/RESULTS.md, README.md and plot are written; at size 1 this one, else none

Without a section all are measured, in this order.`;

// What was started ends with this process; its folders go at its exit.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => process.exit(code));

if (values.help) {
  console.log(usage);
} else {
  const unknown = positionals.filter((word) => !sections.some(({ name }) => name === word));
  const [size, rounds, minutes] = [Number(values.size), Number(values.rounds), Number(values.minutes)];
  if (unknown.length > 0 || !(size > 0) || !(Number.isInteger(rounds) && rounds > 0) || !(minutes > 0)) {
    console.error(unknown.length > 0 ? `there is no section ${unknown.join(', ')}\n\n${usage}` : usage);
    process.exit(64);
  }
  await run({ size, rounds, minutes }, values.write ?? (size === 1 ? join(import.meta.dirname, '..') : undefined));
}

async function run(options: BenchOptions, checkout: string | undefined): Promise<void> {
  await using bench = openBench(options);
  for (const { name, run: measure } of sections) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const startedAt = performance.now();
    try {
      const report = await measure(bench);
      console.log(report.text);
      if (checkout !== undefined) writeReport(checkout, name, report);
    } catch (error) {
      process.exitCode = 1;
      bench.say(`${name} has failed\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    bench.say(`${name} took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
}
