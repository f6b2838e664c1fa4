// Chat templates put together at random: some loop, grow, nest or call what they should not.
import type { Random } from './mutate.ts';

const VALUES = [
  'm.content',
  "m['role']",
  'messages',
  'messages[0]',
  'messages[::-1]',
  'x',
  'ns.x',
  'loop.index',
  'bos_token',
  '[1, [2, 3]]',
  "{'a': {'b': messages}}",
  'range(99)',
  "'ab' * 99",
  "'\\n'",
  "''",
  'none',
  '-1',
  '1e308',
  'ns',
  'f(x)',
  'namespace(x=ns)',
];
const FILTERS = [
  'trim',
  'upper',
  'title',
  'tojson',
  'tojson(indent=999)',
  'indent(9999)',
  "join(',')",
  "replace('a', ns.x)",
  'length',
  'list',
  'sort',
  "map(attribute='content')",
  "selectattr('role')",
  'items',
  'safe',
  'default(x)',
  'reverse',
  'capitalize',
  'int',
  'no_such_filter',
];
const METHODS = ["split('')", 'strip()', 'upper()', 'items()', "get('a')", "replace('', x)", 'x()'];
const OPERATORS = ['~', '+', '*', 'in', 'not in', '==', '<', 'and', 'or', '%', '-', '/'];

const pick = <T>(among: readonly T[], random: Random): T => among[random(among.length)]!;

/** A template of some statements, one inside the other or in a row. */
export function templateOf(random: Random): string {
  return `{% set ns = namespace(x='ab') %}${block(random, 1 + random(8))}`;
}

function block(random: Random, statements: number): string {
  let text = '';
  for (let left = statements; left > 0; left--) {
    const inner = Math.min(left - 1, random(4));
    text += statement(random, () => block(random, inner));
    left -= inner;
  }
  return text;
}

function statement(random: Random, body: () => string): string {
  const value = expression(random);
  switch (random(9)) {
    case 0:
    case 1:
      return `{% for m in ${value} %}${body()}{% endfor %}`;
    case 2:
      return `{% if ${value} %}${body()}{% else %}${body()}{% endif %}`;
    case 3:
      return `{% set x = ${value} %}`;
    case 4:
      return `{% set ns.x = ${value} %}`;
    case 5:
      return `{% macro f(x) %}${body()}{% endmacro %}{{ f(${value}) }}`;
    case 6:
      return `{% filter ${pick(FILTERS, random)} %}${body()}{% endfilter %}`;
    case 7:
      return random(4) === 0 ? pick(['{%', '}}', '{# ', '{{ (', "{{ '"], random) : 'word ';
    default:
      return `{{ ${value} }}`;
  }
}

function expression(random: Random): string {
  let text = random(50) === 0 ? 'range(9999)' : pick(VALUES, random);
  while (random(3) === 0) {
    const next = random(3);
    if (next === 0) text = `${text} | ${pick(FILTERS, random)}`;
    else if (next === 1) text = `(${text}).${pick(METHODS, random)}`;
    else text = `(${text} ${pick(OPERATORS, random)} ${pick(VALUES, random)})`;
  }
  return text;
}
