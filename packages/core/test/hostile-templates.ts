// Chat templates that loop or grow without end, or that stall the engine that runs them.

const LONG =
  "{% set ns = namespace(s='ab') %}{% for i in range(20) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}";
const often = (step: string) => `{% for i in range(9999) %}${step}{% endfor %}`;
const doubled = (first: string, step: string) =>
  `{% set ns = namespace(a=${first}) %}{% for i in range(60) %}{% set ns.a = ${step} %}{% endfor %}`;
const chain = Array.from({ length: 40 }, (_, i) => {
  const before = i === 0 ? 'n' : `n${i - 1}`;
  return `{% set n${i} = namespace(l=${before}, r=${before}) %}`;
});

/** By what they do. */
export const HOSTILE_TEMPLATES: Readonly<Record<string, string>> = {
  'no template at all': '{% if',
  'an own refusal': "{{ raise_exception('no system messages') }}",
  'a huge range': '{% for i in range(1000000000) %}x{% endfor %}',
  'a range of infinite steps': '{{ range(0, 10, 0) }}',
  'nested loops': often(often('{{ b }}')),
  'nested loops of nothing': often(often('')),
  'a doubling string': `${doubled("'x'", 'ns.a ~ ns.a')}{{ ns.a }}`,
  'a doubling list': `${doubled('[1]', 'ns.a + ns.a')}{{ ns.a | length }}`,
  'a list of itself twice': `${doubled('[1]', '[ns.a, ns.a]')}{{ ns.a | tojson }}`,
  'namespaces of themselves twice': `{% set n = namespace(a=1) %}${chain.join('')}{{ n39 }}`,
  'a namespace in itself': '{% set n = namespace(a=1) %}{% set n.a = [n, n] %}{{ n }}',
  'a wide indentation': "{{ 'a\\nb' | indent(400000000) }}",
  'a wide indentation of JSON': '{{ [[[[1]]]] | tojson(indent=100000000) }}',
  'a filter block': '{% filter indent(300000000) %}a\nb{% endfilter %}',
  'a long separator': `${LONG}{{ range(9999) | join(ns.s) }}`,
  'a long replacement of nothing': `${LONG}{{ ns.s.replace('', ns.s) }}`,
  'a long replacement': `${LONG}{{ ns.s | replace('a', ns.s) }}`,
  'a replacement by another name': `${LONG}{% set f = ns.s.replace %}{{ f('', ns.s) }}`,
  'a replacement by a name that is made': `${LONG}{{ ns.s['re' ~ 'place']('', ns.s) }}`,
  'a replacement out of a list': `${LONG}{% set f = [ns.s.replace] %}{{ f[0]('', ns.s) }}`,
  'attributes by a long name': `${LONG}{% set l = [] %}{% for i in range(9999) %}{% set l = l + [namespace(a=1)] %}{% endfor %}{{ range(9999) | map(attribute=ns.s) }}`,
  'many replacements': `${LONG}${often("{% set x = ns.s | replace('q', 'r') %}")}`,
  'many splits': `${LONG}${often("{% set x = ns.s.split('a') %}")}`,
  'many capitals': `${LONG}${often('{% set x = ns.s | title %}')}`,
  'many slices': `${LONG}${often('{% set x = ns.s[::2] %}')}`,
  'an endless prompt': `${LONG}{{ ns.s }}`,
  'many sorts': `{% set r = range(9999) %}${often('{% set x = r | sort %}')}`,
  'a search for a long text': `${doubled("'aa'", 'ns.a ~ ns.a if ns.a | length < 500000 else ns.a')}{{ ('b' ~ ns.a[9:]) in ns.a }}`,
  'macros over and over': often(`{% macro f() %}${'{{ x }}'.repeat(15_000)}{% endmacro %}`),
  'many arguments': `{% macro f() %}{{ varargs | length }}{% endmacro %}${often('{{ f(*range(9999)) }}')}`,
  'deep nesting': `{{ ${'('.repeat(30_000)}1`,
  'deep lists': `{{ ${'['.repeat(60_000)}`,
  'deep statements': '{% if 1 %}'.repeat(9000),
  recursion: '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
  'a long source': ' '.repeat(200_000),
  'a long run of spaces': `${' '.repeat(100_000)}{{ 1 }}`,
};
