import { columns, pad, styled } from './page.ts';

/** The figures of a demo, as they are to be shown. */
export interface Figures {
  readonly server: string;
  readonly tables: number;
  readonly rows: string;
  readonly databaseSize: string;
  readonly file: string;
  readonly backupSize: string;
  readonly share: string;
  readonly backupTime: string;
  readonly restoreTime: string;
}

/** What happened, drawn with boxes and arrows; under 90 columns wide. */
export function picture(figures: Figures): string[] {
  const { server, tables, rows, databaseSize, file, backupSize, share, backupTime, restoreTime } = figures;
  const there = [
    [`PostgreSQL ${server}`, 'shop', `${String(tables)} tables, ${databaseSize}`, `${rows} rows`],
    ['./entrypoint.sh', 'pg_dump ▸ zstd ▸ age ▸ S3', `${backupTime}, verified`, 'nothing written to disk'],
    ['bucket backups', file, `${backupSize} (${share})`, 'SHA256SUMS RESTORE.md', 'manifest.json'],
  ];
  const back = [
    [`PostgreSQL ${server}`, 'shop_restored', 'every row the same', 'every object there'],
    ['RESTORE.md', 'aws ▸ sha256sum ▸ age', '  ▸ zstd ▸ pg_restore', `${restoreTime}, stock tools only`],
    ['any machine of yours', 'with the private key,', 'which the backup job', 'has never seen'],
  ];
  const widths = there.map((lines, column) => Math.max(...[...lines, ...(back[column] ?? [])].map(columns)));
  const boxes = (row: readonly (readonly string[])[]) => row.map((lines, column) => box(lines, widths[column] ?? 0));
  const before =
    widths.slice(0, 2).reduce((sum, width) => sum + width + 4 + 5, 0) + Math.floor((widths[2] ?? 0) / 2) + 2;
  const down = (arrow: string) => ' '.repeat(before) + arrow;
  return [...beside(boxes(there), '──▶'), down('│'), down('▼'), ...beside(boxes(back), '◀──')].map(
    (line) => `  ${line.trimEnd()}`,
  );
}

/** How to go on from here. */
export const ownDatabase: readonly string[] = [
  ` ${styled(['bold', 'cyan'], 'Now your own database')}`,
  '',
  '    docker build -t pg-offsite .',
  '    docker run --rm --entrypoint age-keygen pg-offsite > key.txt',
  '      makes your key pair: keep key.txt away from the job; the public key goes into it',
  '    docker run --rm --env-file backup.env pg-offsite doctor',
  '      tries everything without making a backup; README.md shows what backup.env holds',
  '    docker run --rm --env-file backup.env --read-only --cap-drop ALL pg-offsite',
  '      makes the backup',
];

function box([title = '', ...lines]: readonly string[], width: number): string[] {
  const bar = '─'.repeat(width + 2);
  const inside = [styled('bold', pad(title, width)), ...lines.map((line) => pad(line, width))];
  return [`┌${bar}┐`, ...inside.map((line) => `│ ${line} │`), `└${bar}┘`];
}

/** Boxes next to each other, joined by arrows at the height of their second line. */
function beside(boxes: readonly (readonly string[])[], arrow: string): string[] {
  const height = Math.max(...boxes.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    boxes
      .map((lines) => lines[row] ?? ' '.repeat(columns(lines[0] ?? '')))
      .join(row === 2 ? ` ${arrow} ` : ' '.repeat(arrow.length + 2)),
  );
}
