/**
 * Splits SQL into its statements as psql does: at semicolons that stand outside of quotes, dollar quotes, comments and
 * parentheses. Statements are trimmed; what holds nothing but comments is left out.
 */
export function splitSql(sql: string): string[] {
  const statements: string[] = [];
  let begin = 0;
  let depth = 0;
  let filled = false;
  const end = (at: number): void => {
    const text = sql.slice(begin, at).trim();
    if (filled) statements.push(text);
    begin = at + 1;
    depth = 0;
    filled = false;
  };
  let at = 0;
  while (at < sql.length) {
    const token = tokenAt(sql, at);
    if (token === ';' && depth === 0) end(at);
    else if (token === '(') depth += 1;
    else if (token === ')') depth = Math.max(0, depth - 1);
    if (!/^(?:\s|--|\/\*|;)/.test(token)) filled = true;
    at += token.length;
  }
  end(sql.length);
  return statements;
}

/** What may hold a semicolon that ends nothing; anything else is a word or one character. */
const tokens =
  /--[^\n]*|"(?:[^"]|"")*(?:"|$)|[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|[\w\u0080-\uffff$]+|\s+|[^]/y;

function tokenAt(sql: string, at: number): string {
  if (sql.startsWith('/*', at)) return sql.slice(at, endOfComment(sql, at));
  tokens.lastIndex = at;
  const [token = '', tag] = tokens.exec(sql) ?? [];
  if (tag === undefined) return token;
  const close = sql.indexOf(tag, at + tag.length);
  return sql.slice(at, close < 0 ? sql.length : close + tag.length);
}

/** Comments of this kind may stand within each other. */
function endOfComment(sql: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}
