/** What the text of a function names without saying in which schema it is, in the spelling of the catalog. */
export interface BodyNames {
  readonly functions: ReadonlySet<string>;
  readonly relations: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  /** Functions that it calls with their schemas: these may find things by the `search_path` in turn. */
  readonly qualified: readonly { readonly schema: string; readonly name: string }[];
}

interface Token {
  readonly kind: 'name' | 'mark' | 'value';
  /** Names that were not quoted in lower case, as the server folds them. */
  readonly text: string;
}

/** Within brackets, or outside of all. */
interface Frame {
  /** What stands before the bracket: `extract` in `extract(epoch from t)`. */
  readonly before: string;
  inFrom: boolean;
}

const piece = new RegExp(
  [
    String.raw`(?<skipped>\s+|--[^\n]*)`,
    String.raw`(?<value>e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?<tag>[a-z_]\w*)?\$.*?\$\k<tag>\$|\$?\d[\w.]*)`,
    String.raw`(?<name>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`"(?<quoted>(?:[^"]|"")+)"`,
    String.raw`(?<mark>::|.)`,
  ].join('|'),
  'isy',
);

/** Functions whose own grammar has a FROM. */
const withFrom = new Set(['extract', 'substring', 'trim', 'overlay']);
/** Words that stand where a name may stand. */
const grammar = new Set('as materialized only lateral constant values exists using cast in any all select'.split(' '));
/** What ends a list of tables. */
const afterFrom = new Set(
  'where group order having limit offset fetch union except intersect window returning set for loop into select'.split(
    ' ',
  ),
);

/**
 * Reads SQL or PL/pgSQL as far as is needed to see what it names: comments and strings count for nothing, and a word is
 * taken for a table, function or type only where one stands by the grammar.
 */
export function namesIn(body: string): BodyNames {
  const tokens = tokenize(body);
  const functions = new Set<string>();
  const relations = new Set<string>();
  const types = new Set<string>();
  const qualified: { schema: string; name: string }[] = [];
  const own = new Set<string>();
  const frames: Frame[] = [{ before: '', inFrom: false }];
  let declares = false;
  const wordAt = (index: number): string => (tokens[index]?.kind === 'value' ? '' : (tokens[index]?.text ?? ''));
  for (const [index, { kind, text }] of tokens.entries()) {
    const frame = frames.at(-1) ?? { before: '', inFrom: false };
    const [earlier, before, after] = [wordAt(index - 2), wordAt(index - 1), wordAt(index + 1)];
    if (kind === 'mark') {
      if (text === '(') frames.push({ before, inFrom: false });
      if (text === ')' && frames.length > 1) frames.pop();
      if (text === ';') frame.inFrom = false;
    }
    if (kind !== 'name' || before === '.') continue;
    if (text === 'declare') declares = true;
    if (text === 'begin') declares = false;
    if (afterFrom.has(text)) frame.inFrom = false;
    if (text === 'from') frame.inFrom = !withFrom.has(frame.before) && before !== 'distinct';
    if (after === '.') {
      const name = wordAt(index + 2);
      if (wordAt(index + 3) === '(') qualified.push({ schema: text, name });
      if (wordAt(index + 3) === '%') relations.add(text);
      continue;
    }
    if (before === 'with' || before === 'recursive') own.add(text);
    if (after === 'as' && /^(\(|(not )?materialized\b)/.test(`${wordAt(index + 2)} ${wordAt(index + 3)}`))
      own.add(text);
    const inList = frame.inFrom && (before === 'from' || before === ',' || before === 'only');
    const changed =
      (before === 'into' && (earlier === 'insert' || earlier === 'merge')) ||
      (before === 'update' && !/^(for|key|do|on|,|or|before|after)$/.test(earlier));
    if (grammar.has(text)) continue;
    const cast = before === '::' || (before === 'as' && frame.before === 'cast');
    if (cast || (declares && isDeclaredType(wordAt, index))) types.add(text);
    else if (changed) relations.add(text);
    else if (after === '(') functions.add(text);
    else if (inList || before === 'join' || before === 'table') relations.add(text);
    if (after === '%' && wordAt(index + 2) === 'rowtype') relations.add(text);
  }
  return { functions, relations: relations.difference(own), types, qualified };
}

/** The second word of a declaration: `name [CONSTANT] type`. */
function isDeclaredType(wordAt: (index: number) => string, index: number): boolean {
  const name = wordAt(index - 1) === 'constant' ? index - 2 : index - 1;
  return ['declare', ';'].includes(wordAt(name - 1));
}

function tokenize(body: string): Token[] {
  const tokens: Token[] = [];
  const sql = withoutBlockComments(body);
  piece.lastIndex = 0;
  while (piece.lastIndex < sql.length) {
    const groups = piece.exec(sql)?.groups;
    if (groups === undefined) break;
    const { value, name, quoted, mark } = groups;
    if (value !== undefined) tokens.push({ kind: 'value', text: value });
    else if (name !== undefined) {
      tokens.push({ kind: 'name', text: name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) });
    } else if (quoted !== undefined) tokens.push({ kind: 'name', text: quoted.replaceAll('""', '"') });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
  }
  return tokens;
}

/** They nest. One that seems to begin within a string hides what follows, which only makes this say less. */
function withoutBlockComments(body: string): string {
  let sql = body;
  for (let before = ''; before !== sql;) {
    before = sql;
    sql = sql.replace(/\/\*(?:(?!\/\*|\*\/)[^])*\*\//, ' ');
  }
  return sql;
}
