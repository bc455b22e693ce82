import { makePlace, roundsText } from '../place.ts';
import { measureRestores, targetConf } from '../restores.ts';
import { restoreTable, shortTable } from '../results.ts';
import type { Section } from '../section.ts';

/** Ways to restore. */
export const restore: Section = {
  name: 'restore',
  summary: 'restores, beside psql and pg_restore',
  run: async (bench) => {
    const { name } = await bench.database();
    const series = await measureRestores(await makePlace(bench), name, bench.rounds, bench.say);
    const text = `${await bench.machine()} The same database from the store into an empty one on a second server with
\`${targetConf.join('`, `')}\`. Download, decryption and, for pg-offsite, SHA-256 and the comparison with the manifest are
in the seconds. Every way's rows were compared with the source's in its first round. ${roundsText(bench.rounds)}.

${restoreTable(series)}`;
    const intro = 'And back from there into an empty database, on a server that flushes what it writes to its disk:';
    return { text, readme: `${intro}\n\n<!-- prettier-ignore -->\n${shortTable(series)}` };
  },
};
