// Who makes an engine or runs one, by syntax: the engine package alone may.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { lineAt } from '../../scripts/lib/lines.mjs';
import { walk } from '../../scripts/lib/script-source.mjs';
import { trackedFiles } from '../../scripts/lib/sources.mjs';
import { root } from '../../tests/support/paths.ts';
import type { Check, Figure } from '../lib/report.ts';

const LOOKED_AT = /^(packages|apps|tests|tools|scripts|training)\/.*\.(ts|mts|mjs|js)$/;
const DOOR = 'packages/engine/';

/** Files that must reach behind the door, and why. */
const EXEMPT: readonly [pattern: RegExp, reason: string][] = [
  [/\/fuzz-engine\.ts$/, 'calls the engine in disorder, which the door does not allow'],
];

/** Methods that only an engine has. */
const METHODS = new Set([
  ...['beginTensor', 'endTensor', 'forward', 'setSampler'],
  ...['samplerState', 'restoreSampler', 'saveContext', 'restoreContext'],
]);
/** Functions that prepare or fill one. */
const FUNCTIONS = new Set(['encodeConfig', 'loadTensors', 'choosePicks']);

export interface Finding {
  readonly kind: 'engines made' | 'engines filled' | 'engines run';
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly callee?: Node;
  readonly property?: Node;
  readonly arguments?: readonly Node[];
  readonly name?: string;
  readonly value?: unknown;
}

export const driver: Check = {
  title: `engines made, filled or run outside ${DOOR}, by syntax`,
  async run({ note }) {
    const paths = (await trackedFiles()).filter((path) => LOOKED_AT.test(path));
    const found = paths.flatMap(findingsIn);
    for (const { path, line, what } of found) note(`${path}:${line} ${what}`);
    for (const [pattern, reason] of EXEMPT) note(`${pattern} may: it ${reason}`);
    const kinds = ['engines made', 'engines filled', 'engines run'] as const;
    return kinds.map((kind): Figure => {
      const own = found.filter((finding) => finding.kind === kind);
      const files = new Set(own.map(({ path }) => path)).size;
      const value = `${own.length} in ${files} of ${paths.length} files`;
      return { label: kind, value, target: 'none', pass: own.length === 0 };
    });
  },
};

function findingsIn(path: string): Finding[] {
  const isExempt = EXEMPT.some(([pattern]) => pattern.test(path));
  return path.startsWith(DOOR) || isExempt
    ? []
    : findings(path, readFileSync(join(root, path), 'utf8'));
}

/** What one file makes, fills or runs. */
export function findings(path: string, text: string): Finding[] {
  const found: Finding[] = [];
  walk(parseSync(path, text).program, null, (node: Node) => {
    const named = node.type === 'NewExpression' ? made(node) : called(node);
    if (named) found.push({ ...named, path, line: lineAt(text, node.start) });
  });
  return found;
}

type Named = Pick<Finding, 'kind' | 'what'>;

function made({ callee }: Node): Named | null {
  const name = nameOf(callee!);
  return /^Engine(Class)?$/.test(name) ? { kind: 'engines made', what: `new ${name}(…)` } : null;
}

function called(node: Node): Named | null {
  if (node.type !== 'CallExpression') return null;
  const name = nameOf(node.callee!);
  if (node.callee!.type === 'Identifier') {
    return FUNCTIONS.has(name) ? { kind: 'engines filled', what: `${name}(…)` } : null;
  }
  if (node.callee!.type !== 'MemberExpression') return null;
  if (/^(begin|end)Tensor$/.test(name)) return { kind: 'engines filled', what: `.${name}(…)` };
  const samples = name === 'sample' && node.arguments!.length === 0;
  return METHODS.has(name) || samples ? { kind: 'engines run', what: `.${name}(…)` } : null;
}

/** The identifier, the name of the member, or the text of a computed one. */
function nameOf({ type, name, property }: Node): string {
  if (type === 'MemberExpression') return String(property?.name ?? property?.value ?? '');
  return name ?? '';
}
