/** A column of a {@link renderTable}. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows as aligned lines of plain text under their titles, two spaces between columns. Control characters are shown as `?`. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => cell.replaceAll(/\p{Cc}/gu, '?')));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...clean.map((row) => lengthOf(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - lengthOf(cell)));
        return align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [columns.map(({ title }) => title), ...clean].map((cells) => `${line(cells)}\n`).join('');
}

const segmenter = new Intl.Segmenter();

/** In characters as people see them. */
function lengthOf(text: string): number {
  return Array.from(segmenter.segment(text)).length;
}
