/** One entry of an archive's table of contents. */
export interface TocEntry {
  readonly dumpId: number;
  /** Such as `TABLE DATA` or `EVENT TRIGGER`. */
  readonly kind: string;
  readonly schema: string | undefined;
  readonly name: string;
  /** Its line in the list of `pg_restore --list`, for `--use-list`. */
  readonly line: string;
}
