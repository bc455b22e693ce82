import { runCommand } from '../../test/support/run-command.ts';
import { backupContestants } from '../contestants.ts';
import { figuresOf, roundsOf } from '../figures.ts';
import { type Place, removeStored, storedBytes } from '../place.ts';
import { measureRounds, roundsText } from '../rounds.ts';
import type { Section } from '../section.ts';
import { waysTable } from '../tables.ts';

/** Ways to make a backup. What the last round has stored stays for the restores. */
export const backup: Section = {
  name: 'backup',
  summary: 'backups: the pipe with gzip, a dump through a file, ours in 1, 2 and 4 lanes with and without age',
  run: async (bench) => {
    const { place: open, database, machine } = bench;
    const [place, { bytes }] = [await open(), await database()];
    const dumpBytes = await bytesOfDump(place);
    const around = {
      before: ({ id }: { readonly id: string }) => removeStored(place, id),
      after: ({ id }: { readonly id: string }) => storedBytes(place, id),
    };
    const ways = await measureRounds(backupContestants(place), bench.rounds, around, bench.say, bench.isLate);
    const figures = figuresOf(ways, { databaseBytes: bytes, dumpBytes });
    const text = `${await machine()} A database of ${(bytes / 1e9).toFixed(2)} GB in three
tables, and its indexes, into an S3 store; database, store and backup share the machine. As \`pg_dump -Fc -Z0\` writes it, it
has ${(dumpBytes / 1e9).toFixed(2)} GB. Everything of ours has its defaults but \`JOBS\` and the key. ${roundsText(roundsOf(figures))}.

${waysTable(figures, { against: ['floor', 'gzip'] })}`;
    return { text, figures };
  },
};

/** Bytes of an uncompressed dump; and so that the first round, too, reads from memory. */
async function bytesOfDump({ server, databaseUrl }: Place): Promise<number> {
  const script = '"$1/pg_dump" -Fc -Z0 -d "$2" | wc -c';
  return Number(await runCommand('bash', ['-euo', 'pipefail', '-c', script, 'dump', server.binDir, databaseUrl]));
}
