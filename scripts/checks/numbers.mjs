import { budgets } from '../lib/budgets.mjs';
import { longFunctions } from '../lib/house.mjs';
import { percentile } from '../lib/lines.mjs';

/**
 * The house numbers over one language's files.
 * @param {{path: string, lines: number, functions: {name: string, lines: number, line: number}[], test: boolean}[]} files
 * @returns {{problems: string[], note: string}}
 */
export function measure(files) {
  const tooLong = files.filter(({ lines }) => lines > budgets.fileLines);
  const functions = files.filter(({ test }) => !test).flatMap(countedFunctions);
  const sizes = functions.map(({ lines }) => lines);
  const median = percentile(sizes, 0.5);
  const p90 = percentile(sizes, 0.9);
  const problems = tooLong.map(
    ({ path, lines }) => `${path}: ${lines} code lines, at most ${budgets.fileLines}`,
  );
  if (median > budgets.functionMedian)
    problems.push(`median function ${median} lines, at most ${budgets.functionMedian}`);
  if (p90 > budgets.functionP90)
    problems.push(
      `p90 function ${p90} lines, at most ${budgets.functionP90}`,
      ...longest(functions),
    );
  return {
    problems,
    note: `${files.length} files, ${sizes.length} functions, median ${median}, p90 ${p90}`,
  };
}

function countedFunctions({ path, functions }) {
  return functions
    .filter(({ name }) => !longFunctions.has(`${path}:${name}`))
    .map((each) => ({ path, ...each }));
}

function longest(functions) {
  const sorted = [...functions].sort((a, b) => b.lines - a.lines).slice(0, 10);
  return sorted.map(({ path, name, line, lines }) => `  ${path}:${line} ${name}: ${lines} lines`);
}
