import { measureBackups } from '../backups.ts';
import { makePlace, roundsText } from '../place.ts';
import { comparisonTable, shortTable } from '../results.ts';
import type { Section } from '../section.ts';

/** Ways to make a backup. */
export const backup: Section = {
  name: 'backup',
  summary: 'backups, beside the pipe with gzip and a dump that goes through a file',
  run: async (bench) => {
    const { bytes } = await bench.database();
    const series = await measureBackups(await makePlace(bench), bench.rounds, bench.say);
    const text = `${await bench.machine()} A database of ${(bytes / 1e9).toFixed(2)} GB into an S3 store; database,
store and backup share the machine. ${roundsText(bench.rounds)}.

${comparisonTable(series)}`;
    const [floor, ...others] = series;
    return { text, readme: `<!-- prettier-ignore -->\n${shortTable(floor ? [...others, floor] : others)}` };
  },
};
