const tableStart = 'pg_restore: processing data for table "';

/** What pg_restore does, as it tells it. */
export interface RestoreListener {
  /** Rows of a table are loaded. The name is `schema.table`, unquoted, as pg_restore prints it. */
  readonly onTable: (name: string) => void;
  /** Something else is made, such as `INDEX public.orders_pkey`. */
  readonly onMaking: (what: string) => void;
}

/**
 * Tells pg_restore's verbose lines from those that matter. Names are printed raw: one that holds a newline comes in several
 * lines, of which only the first is told.
 * @returns what to call with each line; it returns true for a line that is progress.
 */
export function followRestore({ onTable, onMaking }: RestoreListener): (line: string) => boolean {
  let isProgress = false;
  return (line) => {
    // What does not begin with the program's name goes on with the line before.
    if (!line.startsWith('pg_restore: ')) return isProgress;
    isProgress = !/^pg_restore: (\[|(error|warning|detail|hint|fatal|while|from TOC entry)\b)/.test(line);
    if (!isProgress) return false;
    if (line.startsWith(tableStart)) onTable(line.slice(tableStart.length).replace(/"$/, ''));
    const [, kind, name] = /^pg_restore: creating ([A-Z ]+) "(.*?)"?$/.exec(line) ?? [];
    if (kind !== undefined && name !== undefined) onMaking(`${kind} ${name}`);
    return true;
  };
}
