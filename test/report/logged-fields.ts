import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const sources = join(import.meta.dirname, '../../src');
const methods = new Set(['debug', 'info', 'warn', 'error', 'child']);

/** Each field that the sources write into the log, with a place that does. Throws for one that cannot be told. */
export function loggedFields(): Map<string, string> {
  const fields = new Map<string, string>();
  for (const name of globSync('**/*.ts', { cwd: sources })) {
    const file = ts.createSourceFile(name, readFileSync(join(sources, name), 'utf8'), ts.ScriptTarget.Latest, true);
    visit(file, (node) => {
      if (!ts.isCallExpression(node) || !isLogCall(node.expression)) return;
      const [first] = node.arguments;
      const object = first && objectOf(first, file);
      if (!object && (node.arguments.length > 1 || node.expression.name.text === 'child')) {
        throw new Error(`${name}: the fields of ${node.getText()} are not written out`);
      }
      for (const property of object?.properties ?? []) {
        if (!property.name) throw new Error(`${name}: ${property.getText()} adds fields that nobody can list`);
        fields.set(property.name.getText(), name);
      }
    });
  }
  return fields;
}

function isLogCall(called: ts.Expression): called is ts.PropertyAccessExpression {
  if (!ts.isPropertyAccessExpression(called) || !methods.has(called.name.text)) return false;
  return /(^|\.|#)log$|^createLog\(/.test(called.expression.getText());
}

/** An object that is written out in place, or as the only value of a name in the same file. */
function objectOf(expression: ts.Expression, file: ts.SourceFile): ts.ObjectLiteralExpression | undefined {
  if (ts.isObjectLiteralExpression(expression)) return expression;
  if (!ts.isIdentifier(expression)) return undefined;
  let found: ts.ObjectLiteralExpression | undefined;
  visit(file, (node) => {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== expression.text) return;
    if (node.initializer && ts.isObjectLiteralExpression(node.initializer)) found = node.initializer;
  });
  return found;
}

function visit(node: ts.Node, act: (node: ts.Node) => void): void {
  act(node);
  ts.forEachChild(node, (child) => {
    visit(child, act);
  });
}
