/** Licences that what ships may have: they ask for a notice at most, or are offered beside one that does. */
const permissive = [
  'Apache-2.0',
  'MIT',
  'MIT-0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'Unicode-3.0',
];

/** What only builds and tests may have besides: nothing of it is in what ships. */
const ofTools = [
  ...permissive,
  ...['BlueOak-1.0.0', 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0', 'NCSA', 'Zlib'],
];

/**
 * Whether an SPDX expression can be met by `allowed` licences.
 * @param {string | undefined} expression
 * @param {readonly string[]} allowed
 */
export function satisfies(expression, allowed) {
  const words = expression?.match(/[()]|[^\s()]+/g) ?? [];
  const state = { at: 0 };
  const holds = either(words, state, allowed);
  return words.length > 0 && state.at === words.length && holds;
}

/** OR binds weaker than AND; `WITH` an exception is a licence of its own, which no list names. */
function either(words, state, allowed) {
  let holds = both(words, state, allowed);
  while (words[state.at] === 'OR') {
    state.at++;
    const other = both(words, state, allowed);
    holds ||= other;
  }
  return holds;
}

function both(words, state, allowed) {
  let holds = one(words, state, allowed);
  while (words[state.at] === 'AND') {
    state.at++;
    const other = one(words, state, allowed);
    holds &&= other;
  }
  return holds;
}

function one(words, state, allowed) {
  const word = words[state.at++];
  if (word !== '(') return allowed.includes(word);
  const holds = either(words, state, allowed);
  return words[state.at++] === ')' && holds;
}

/** @param {import('./dependencies.mjs').Dependency[]} dependencies */
export function licenceProblems(dependencies) {
  return dependencies
    .filter(({ licence, ships }) => ships || licence !== null)
    .filter(({ licence, ships }) => !satisfies(licence, ships ? permissive : ofTools))
    .map(({ purl, licence, ships }) => {
      const where = ships ? 'what ships' : 'the tools';
      return `${purl}: licence ${licence ?? 'unknown'}, which ${where} may not have`;
    });
}
