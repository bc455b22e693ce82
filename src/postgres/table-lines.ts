const start = 'pg_dump: dumping contents of table "';
/** Two names of at most 63 bytes, a dot, a quote. */
const longest = 128;

/**
 * Finds in pg_dump's verbose lines which table it has come to. It prints names raw, between quotes that it does not
 * double, so a name that holds a newline comes in several lines, and where it ends is only known by trying: a name is
 * told at each line that ends in a quote, and again with the lines that follow if they may be its continuation.
 * @param onTable called with `schema.table`, unquoted; rarely also with the beginning of a name.
 * @returns what to call with each line; it returns true for a line that surely belongs to such a name.
 */
export function followTables(onTable: (name: string) => void): (line: string) => boolean {
  let begun: string | undefined;
  return (line) => {
    const complete = begun?.endsWith('"') === true;
    if (line.startsWith(start)) begun = line.slice(start.length);
    else if (begun !== undefined && !line.startsWith('pg_dump: ')) begun += `\n${line}`;
    else begun = undefined;
    if (begun === undefined || begun.length > longest) {
      begun = undefined;
      return false;
    }
    if (begun.endsWith('"')) onTable(begun.slice(0, -1));
    return line.startsWith(start) || !complete;
  };
}
