import { Mismatch, type Token, TokenReader, tokenize } from '../postgres/sql-tokens.ts';

/** What the superuser is to run for one entry of a dump. */
export interface SuperuserStatement {
  /** Put together anew from what was understood; never the dump's own text. */
  readonly statements: readonly string[];
  /** Before anything of the dump is there, or after all of it. */
  readonly when: 'before' | 'after';
  /** Something like `FOREIGN DATA WRAPPER "x"`, whose use has to be granted to the role of the restore. */
  readonly usedAs?: string;
}

/**
 * Understands the SQL of one entry of a dump that only a superuser may create, by a grammar so strict that it can neither
 * hold a second statement nor call a function of the dump.
 * @param name the entry's name, which must be the one that is created; line breaks in it may be spaces.
 * @param sql what `pg_restore --use-list --file=-` writes for the entry.
 * @returns undefined where it is anything else: that must not be run by a superuser.
 */
export function superuserStatement(kind: string, name: string, sql: string): SuperuserStatement | undefined {
  const read = grammars[kind];
  const statements = tokenize(sql)?.filter((statement) => !isPreamble(statement));
  const [first, ...further] = statements ?? [];
  if (read === undefined || first === undefined) return undefined;
  try {
    for (const tokens of further) readAlteration(kind, tokens);
    const reader = new TokenReader(first);
    const { entryName, ...statement } = read(reader);
    reader.end();
    return oneLine(entryName) === oneLine(name) ? statement : undefined;
  } catch (error) {
    if (error instanceof Mismatch) return undefined;
    throw error;
  }
}

type Read = SuperuserStatement & { readonly entryName: string };

const grammars: Readonly<Record<string, (reader: TokenReader) => Read>> = {
  'EVENT TRIGGER': readEventTrigger,
  PUBLICATION: readPublication,
  'PUBLICATION TABLES IN SCHEMA': readPublishedSchema,
  'FOREIGN DATA WRAPPER': readWrapper,
};

/** Switched off as soon as it is there, so that it never runs with a superuser's rights. */
function readEventTrigger(reader: TokenReader): Read {
  reader.expect('CREATE', 'EVENT', 'TRIGGER');
  const name = reader.name();
  reader.expect('ON');
  const event = reader.name();
  const filters: string[] = [];
  while (reader.skip(filters.length === 0 ? 'WHEN' : 'AND')) {
    const variable = reader.name();
    reader.expect('IN', '(');
    filters.push(`${quote(variable)} IN (${reader.list(() => literal(reader.string())).join(', ')})`);
    reader.expect(')');
  }
  reader.expect('EXECUTE');
  if (!reader.skip('FUNCTION')) reader.expect('PROCEDURE');
  const called = qualified(reader);
  reader.expect('(', ')');
  const when = filters.length === 0 ? '' : ` WHEN ${filters.join(' AND ')}`;
  return {
    entryName: name,
    statements: [
      `CREATE EVENT TRIGGER ${quote(name)} ON ${quote(event)}${when} EXECUTE FUNCTION ${called}()`,
      `ALTER EVENT TRIGGER ${quote(name)} DISABLE`,
    ],
    when: 'after',
  };
}

/** Only of everything: other publications may be created by whoever owns their tables. */
function readPublication(reader: TokenReader): Read {
  reader.expect('CREATE', 'PUBLICATION');
  const name = reader.name();
  reader.expect('FOR');
  const published = reader.list(() => {
    reader.expect('ALL');
    if (reader.skip('SEQUENCES')) return 'ALL SEQUENCES';
    reader.expect('TABLES');
    return 'ALL TABLES';
  });
  const options: string[] = [];
  if (reader.skip('WITH', '(')) {
    options.push(
      ...reader.list(() => {
        const option = reader.name();
        reader.expect('=');
        for (const word of ['true', 'false', 'none', 'stored']) {
          if (reader.skip(word.toUpperCase())) return `${quote(option)} = ${word}`;
        }
        return `${quote(option)} = ${literal(reader.string())}`;
      }),
    );
    reader.expect(')');
  }
  const withOptions = options.length === 0 ? '' : ` WITH (${options.join(', ')})`;
  return {
    entryName: name,
    statements: [`CREATE PUBLICATION ${quote(name)} FOR ${published.join(', ')}${withOptions}`],
    when: 'before',
  };
}

function readPublishedSchema(reader: TokenReader): Read {
  reader.expect('ALTER', 'PUBLICATION');
  const name = reader.name();
  reader.expect('ADD', 'TABLES', 'IN', 'SCHEMA');
  const schema = reader.name();
  return {
    entryName: `${name} ${schema}`,
    statements: [`ALTER PUBLICATION ${quote(name)} ADD TABLES IN SCHEMA ${quote(schema)}`],
    when: 'after',
  };
}

/** Before anything of the dump is there, the functions that it names can only be the server's or an extension's. */
function readWrapper(reader: TokenReader): Read {
  reader.expect('CREATE', 'FOREIGN', 'DATA', 'WRAPPER');
  const name = reader.name();
  let clauses = '';
  for (const clause of ['HANDLER', 'VALIDATOR']) {
    if (reader.skip('NO', clause)) clauses += ` NO ${clause}`;
    else if (reader.skip(clause)) clauses += ` ${clause} ${ofServer(reader)}`;
  }
  if (reader.skip('OPTIONS', '(')) {
    const options = reader.list(() => `${quote(reader.name())} ${literal(reader.string())}`);
    reader.expect(')');
    clauses += ` OPTIONS (${options.join(', ')})`;
  }
  return {
    entryName: name,
    statements: [`CREATE FOREIGN DATA WRAPPER ${quote(name)}${clauses}`],
    when: 'before',
    usedAs: `FOREIGN DATA WRAPPER ${quote(name)}`,
  };
}

/** What pg_dump adds, and nothing here depends on: whether an event trigger is enabled, and who owns the object. */
function readAlteration(kind: string, tokens: readonly Token[]): void {
  const reader = new TokenReader(tokens);
  reader.expect('ALTER', ...kind.split(' '));
  reader.name();
  if (reader.skip('OWNER', 'TO')) reader.name();
  else if (kind !== 'EVENT TRIGGER') throw new Mismatch();
  else if (!reader.skip('DISABLE')) {
    reader.expect('ENABLE');
    if (!reader.skip('REPLICA')) reader.skip('ALWAYS');
  }
  reader.end();
}

/** The settings that every script of pg_restore begins with; they are not run. */
function isPreamble(tokens: readonly Token[]): boolean {
  const texts = tokens.map(({ text }) => text);
  if (texts[0] === 'SET') return tokens.length === 4 && texts[2] === '=';
  return texts.join(' ') === 'SELECT pg_catalog . set_config ( search_path ,  , false )';
}

/** While a dump is restored the search_path is empty: what has no schema, as postgresql_fdw_validator, is the server's. */
function ofServer(reader: TokenReader): string {
  const name = reader.name();
  return reader.skip('.') ? `${quote(name)}.${quote(reader.name())}` : `"pg_catalog".${quote(name)}`;
}

function qualified(reader: TokenReader): string {
  const schema = quote(reader.name());
  reader.expect('.');
  return `${schema}.${quote(reader.name())}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function oneLine(name: string): string {
  return name.replaceAll(/[\r\n]/g, ' ');
}
