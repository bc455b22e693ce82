import type { Measurement } from '../measure.ts';
import { memoryTable } from '../results.ts';
import type { Section } from '../section.ts';
import { measureSynthetic } from '../synthetic.ts';

/** Memory against the size of the stream. */
export const memory: Section = {
  name: 'memory',
  summary: 'memory against the size of the database',
  run: async (bench) => {
    const runs: { gigabytes: number; run: Measurement }[] = [];
    for (const gigabytes of [1, 10]) {
      bench.say(`a stream of ${gigabytes * bench.size} GB`);
      runs.push({ gigabytes, run: await measureSynthetic(await bench.server(), gigabytes * bench.size, bench.folder) });
    }
    const text = `${await bench.machine()} A stream of random bytes in the place of a dump, into a server that discards it: memory
does not grow with the database.

${memoryTable(runs)}`;
    return { text };
  },
};
