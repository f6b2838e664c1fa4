import { parseSync } from 'vite';
import { blank, codeLines, lineAt } from './lines.mjs';

/**
 * Reads one TypeScript or JavaScript file.
 * @returns {{imports: {specifier: string, line: number}[], functions: {name: string, lines: number, line: number}[],
 *   globals: {name: string, line: number}[], lines: number}} imports: every module, worker or asset it names;
 *   functions: the named ones, with their lines of code; globals: identifiers that are not a property's name
 */
export function readScript(path, text) {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length) throw new Error(`${path}: ${errors[0].message}`);
  const code = blank(text, comments);
  const found = { imports: [], functions: [], globals: [], lines: codeLines(code) };
  walk(program, null, (node, parent) => {
    const line = () => lineAt(text, node.start);
    const specifier = specifierOf(node);
    if (specifier) found.imports.push({ specifier, line: line() });
    const name = functionName(node, parent);
    if (name)
      found.functions.push({ name, lines: codeLines(code, node.start, node.end), line: line() });
    if (isGlobalUse(node, parent)) found.globals.push({ name: node.name, line: line() });
  });
  return found;
}

/** Calls `visit` with every node of a syntax tree and its parent. */
export function walk(node, parent, visit) {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === 'string') walk(child, node, visit);
    }
  }
}

/** What an import, re-export, `import()`, type import or `new URL(…, import.meta.url)` names. */
function specifierOf(node) {
  const source = node.type === 'NewExpression' ? urlArgument(node) : node.source;
  const isImport = /^(Import|Export|TSImportType|NewExpression)/.test(node.type);
  return isImport && typeof source?.value === 'string' ? source.value : null;
}

function urlArgument({ callee, arguments: [first, second] }) {
  const isImportMeta = second?.object?.type === 'MetaProperty' && second.property?.name === 'url';
  return callee.name === 'URL' && isImportMeta ? first : null;
}

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

/** A function's name where it has one: a callback inside a call is part of the function that calls. */
function functionName(node, parent) {
  if (!functionTypes.has(node.type) || !node.body) return null;
  if (node.id) return node.id.name;
  const holdsName = /^(MethodDefinition|PropertyDefinition|Property|VariableDeclarator)$/.test(
    parent?.type,
  );
  return holdsName ? ((parent.key ?? parent.id).name ?? '(computed)') : null;
}

function isGlobalUse(node, parent) {
  if (node.type !== 'Identifier') return false;
  const isName = /^(MemberExpression|Property|MethodDefinition|PropertyDefinition|TS\w+)$/.test(
    parent?.type,
  );
  return !isName || parent.object === node || parent.computed;
}
