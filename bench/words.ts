import { cpus } from 'node:os';
import { type AllFigures, roundsOf, type SectionFigures, type WayFigures } from './figures.ts';
import { megabytes } from './tables.ts';

const columns = 128;

/** The README's plot, and what was measured in a few sentences; of what has not been measured, nothing. */
export function benchWords({ backup, restore, memory, link }: AllFigures): string {
  const paragraphs = [
    backup &&
      `A database of ${(backup.databaseBytes / 1e9).toFixed(2)} GB, with store and server on the same machine with ${cpus().length} cores, medians of ${roundsOf(backup)} round${roundsOf(backup) === 1 ? '' : 's'}: an encrypted backup takes ${times(backup, 'lanes-1-age', 'lanes-4-age')}, the pipe with gzip ${time(backup, 'gzip')}, and \`pg_dump -Fc -Z0 | zstd -3 > /dev/null\`, which stores nothing, ${time(backup, 'floor')}.`,
    restore &&
      `A restore takes ${times(restore, 'lanes-1-age', 'lanes-4-age')}, \`gunzip | psql\` ${time(restore, 'psql')}, \`pg_restore -j2\` of a file that is there already ${time(restore, 'pg-restore-local')}.`,
    link &&
      `Where database and store are far, 20 ms and 200 Mbit/s a connection, a backup takes ${times(link, 'link-both-lanes-1', 'link-both-lanes-4')}.`,
    memory && memoryWords(memory),
    'What else was measured, on which machine and against which goals: [bench/RESULTS.md](bench/RESULTS.md). `npm run bench` repeats it on yours.',
  ];
  const words = paragraphs.filter((text) => text !== undefined).join(' ');
  return `![Seconds that backups and restores take, pg-offsite beside the usual pipes](docs/images/bench.svg)\n\n${wrapped(words)}`;
}

function memoryWords(memory: SectionFigures): string {
  const [first, last] = [1, 4].map((jobs) => memory.ways.filter(({ id }) => id.startsWith(`lanes-${jobs}-`)));
  const peaks = (ways: readonly WayFigures[] = []) =>
    ways.map((way) => `${megabytes(way.peakBytes)} MB for ${way.title.replace(/,.*/, '')}`).join(', ');
  return `Node's memory peaks at ${peaks(first)} of dump, with 4 lanes at ${peaks(last)}.`;
}

function times(section: SectionFigures, one: string, four: string): string {
  return `${time(section, one)} in one lane and ${time(section, four)} in four (\`JOBS=4\`)`;
}

function time({ ways }: SectionFigures, id: string): string {
  return `${ways.find((way) => way.id === id)?.seconds.toFixed(1) ?? '?'} s`;
}

function wrapped(text: string): string {
  return text.split(' ').reduce((lines, word) => {
    const last = lines.slice(lines.lastIndexOf('\n') + 1);
    return `${lines}${last.length + 1 + word.length > columns ? '\n' : ' '}${word}`;
  });
}
