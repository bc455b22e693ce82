import { figuresOf, roundsOf } from '../figures.ts';
import { measureRestores, targetConf } from '../restores.ts';
import { roundsText } from '../rounds.ts';
import type { Section } from '../section.ts';
import { waysTable } from '../tables.ts';

/** Ways to restore. */
export const restore: Section = {
  name: 'restore',
  summary: 'restores: into psql, by pg_restore from a file, ours from 1, 2 and 4 lanes',
  run: async (bench) => {
    const { place, database, machine } = bench;
    const { name, bytes } = await database();
    const figures = figuresOf(await measureRestores(await place(), name, bench), { databaseBytes: bytes });
    const text = `${await machine()} The same database, with a primary key on each of its
three tables and one more index, from the store into an empty one on a second server with \`${targetConf.join('`, `')}\`.
Download, decryption and, for pg-offsite, SHA-256 and the comparison with the manifest are in the seconds. Every way's rows
were compared with the source's in its first round. ${roundsText(roundsOf(figures))}.

${waysTable(figures, { against: ['psql', 'pg-restore-local'] })}`;
    return { text, figures };
  },
};
