import ts from 'typescript';

/** Stands in a wording for what is filled in when the program runs. */
export const blank = '…';

/** What the parameters of a function stand for at one call of it. */
export type Arguments = ReadonlyMap<string, { readonly value: ts.Expression; readonly args: Arguments }>;

const noArguments: Arguments = new Map();

/**
 * Every text that an expression can become, with {@link blank} for what only a run knows. Follows names to their
 * declarations in the same file, and conditions both ways.
 */
export function wordings(node: ts.Expression | undefined, args: Arguments = noArguments, depth = 0): string[] {
  if (node === undefined || depth > 12) return [blank];
  const next = (inner: ts.Expression): string[] => wordings(inner, args, depth + 1);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return next(node.expression);
  if (ts.isConditionalExpression(node)) return unique([...next(node.whenTrue), ...next(node.whenFalse)]);
  if (ts.isTemplateExpression(node)) {
    let texts = [node.head.text];
    for (const { expression, literal } of node.templateSpans) {
      texts = combined(texts, next(expression)).map((text) => text + literal.text);
    }
    return unique(texts);
  }
  if (ts.isBinaryExpression(node)) {
    if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) return combined(next(node.left), next(node.right));
    const either = [ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.BarBarToken];
    if (either.includes(node.operatorToken.kind)) return unique([...next(node.left), ...next(node.right)]);
    if (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) return next(node.right);
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const called = functionOf(node.expression);
    if (called) {
      const handed = new Map(
        called.parameters.flatMap((parameter, index) => {
          const value = node.arguments[index];
          return ts.isIdentifier(parameter.name) && value ? [[parameter.name.text, { value, args }] as const] : [];
        }),
      );
      const texts = returnsOf(called).flatMap((value) => wordings(value, handed, depth + 1));
      if (texts.length > 0) return unique(texts);
    }
  }
  if (ts.isIdentifier(node)) {
    if (node.text === 'undefined') return [''];
    const argument = args.get(node.text);
    if (argument !== undefined) return wordings(argument.value, argument.args, depth + 1);
    const declared = declarationOf(node);
    if (declared?.initializer && !isFunction(declared.initializer))
      return wordings(declared.initializer, args, depth + 1);
  }
  return [blank];
}

/** The function around a node that has a parameter of this name, with the parameter's place. */
export function parameterOf(node: ts.Node, name: string): { of: ts.SignatureDeclaration; index: number } | undefined {
  for (let at = node as ts.Node | undefined; at !== undefined; at = at.parent as ts.Node | undefined) {
    if (!ts.isFunctionLike(at)) continue;
    const index = at.parameters.findIndex(
      (parameter) => ts.isIdentifier(parameter.name) && parameter.name.text === name,
    );
    if (index !== -1) return { of: at, index };
  }
  return undefined;
}

/** The function of this name in the same file, if it returns texts. */
function functionOf(name: ts.Identifier): ts.FunctionDeclaration | ts.ArrowFunction | undefined {
  const declared = declarationOf(name)?.initializer;
  if (declared && ts.isArrowFunction(declared)) return declared;
  for (const statement of name.getSourceFile().statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name.text) return statement;
  }
  return undefined;
}

function returnsOf(called: ts.FunctionDeclaration | ts.ArrowFunction): ts.Expression[] {
  if (called.body && !ts.isBlock(called.body)) return [called.body];
  const found: ts.Expression[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, look);
  };
  called.body?.statements.forEach(look);
  return found.filter((value) => value.getText() !== 'undefined');
}

function declarationOf(name: ts.Identifier): ts.VariableDeclaration | undefined {
  if (parameterOf(name, name.text)) return undefined;
  for (let at = name as ts.Node | undefined; at !== undefined; at = at.parent as ts.Node | undefined) {
    if (!ts.isBlock(at) && !ts.isSourceFile(at) && !ts.isCaseClause(at)) continue;
    for (const statement of at.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      // Not `let`: what it holds later is another text.
      if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
      for (const declared of statement.declarationList.declarations) {
        if (ts.isIdentifier(declared.name) && declared.name.text === name.text) return declared;
      }
    }
  }
  return undefined;
}

function isFunction(node: ts.Expression): boolean {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

function combined(starts: readonly string[], ends: readonly string[]): string[] {
  return unique(starts.flatMap((start) => ends.map((end) => start + end)));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].slice(0, 24);
}
