/** One entry of an archive's table of contents. */
export interface TocEntry {
  readonly dumpId: number;
  /** Such as `TABLE DATA` or `EVENT TRIGGER`. */
  readonly kind: string;
  readonly schema: string | undefined;
  /** As the list prints it: line breaks are spaces there. */
  readonly name: string;
  /** Its line in the list of `pg_restore --list`, for `--use-list`. */
  readonly line: string;
}

/** What the manifest knows, to tell names with spaces apart: the list separates its fields by spaces without quotes. */
export interface KnownNames {
  readonly schemas: readonly string[];
  readonly roles: readonly string[];
}

/** pg_dump's kinds of more than one word (`desc` in pg_dump.c), of every major so far. */
const longKinds = [
  'ACCESS METHOD',
  'BLOB METADATA',
  'CHECK CONSTRAINT',
  'DATABASE PROPERTIES',
  'DEFAULT ACL',
  'EVENT TRIGGER',
  'FK CONSTRAINT',
  'FOREIGN DATA WRAPPER',
  'FOREIGN SERVER',
  'FOREIGN TABLE',
  'INDEX ATTACH',
  'LARGE OBJECT',
  'MATERIALIZED VIEW DATA',
  'MATERIALIZED VIEW',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION TABLES IN SCHEMA',
  'PUBLICATION TABLE',
  'ROW SECURITY',
  'SECURITY LABEL',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'SHELL TYPE',
  'STATISTICS DATA',
  'SUBSCRIPTION TABLE',
  'TABLE ATTACH',
  'TABLE DATA',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'USER MAPPING',
];

/** Catalog number of pg_class, which entries for a relation itself carry; those for its rows and the like carry 0. */
const relationCatalog = '1259';

/**
 * The entries of what `pg_restore --list` prints: `12; 1259 16385 TABLE public customers owner`. A `-` stands for no
 * schema, and line breaks in names are printed as spaces (sanitize_line in pg_backup_archiver.c).
 */
export function parseTocList(list: string, known: KnownNames): TocEntry[] {
  const lines = list.split('\n').filter((line) => /^\d+; \d+ \d+ /.test(line));
  const bySize = (names: readonly string[]): string[] =>
    names.map(asListed).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const roles = bySize(known.roles);
  // Schemas that the dump makes itself may be unknown to the manifest, which lists those of tables.
  const made = lines
    .filter((line) => /^\d+; \d+ \d+ SCHEMA - /.test(line))
    .map((line) => parseLine(line, ['-'], roles).name);
  const schemas = bySize([...known.schemas, ...made]);
  return lines.map((line) => parseLine(line, schemas, roles));
}

/** A name as the list prints it. */
export function asListed(name: string): string {
  return name.replaceAll(/[\r\n]/g, ' ');
}

function parseLine(line: string, schemas: readonly string[], roles: readonly string[]): TocEntry {
  const [, id = '', catalog = '', words = ''] = /^(\d+); (\d+) \d+ (.*)$/s.exec(line) ?? [];
  const long = longKinds.find((kind) => words.startsWith(`${kind} `));
  // A table whose schema is called DATA.
  const isShort = long === undefined || (catalog === relationCatalog && /^(TABLE|INDEX|SEQUENCE) /.test(long));
  const kind = isShort ? (words.split(' ', 1)[0] ?? '') : long;
  const rest = words.slice(kind.length + 1);
  const schema = schemas.find((name) => rest.startsWith(`${name} `)) ?? rest.split(' ', 1)[0] ?? '';
  const named = rest.slice(schema.length + 1);
  // Extensions and comments on them have no owner: then the line ends with a space.
  const owner = roles.find((role) => named.endsWith(` ${role}`)) ?? named.slice(named.lastIndexOf(' ') + 1);
  return {
    dumpId: Number(id),
    kind,
    schema: schema === '-' && !schemas.includes('-') ? undefined : schema,
    name: named.slice(0, -owner.length - 1),
    line,
  };
}
