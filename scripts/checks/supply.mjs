import { usesOf } from '../lib/dependencies.mjs';

/** A commit, or an image's digest: a tag can be moved to other code. */
const pinned = [/@[0-9a-f]{40}$/, /^docker:\/\/[^@]+@sha256:[0-9a-f]{64}$/];

/**
 * What a workflow or action runs that is not told by its content, and workflows that may write.
 * @param {{path: string, text: string}} file
 * @returns {string[]} one line for each breach
 */
export function workflowProblems({ path, text }) {
  const loose = usesOf(text).filter(
    (used) => !used.startsWith('./') && !pinned.some((pattern) => pattern.test(used)),
  );
  const problems = loose.map((used) => `${path}: ${used} is not pinned by a commit of 40 digits`);
  if (
    path.includes('/workflows/') &&
    !/^permissions:\s*(\n\s+contents: read$|\{\s*\}$)/m.test(text)
  )
    problems.push(`${path}: no \`permissions:\` of \`contents: read\` for the whole workflow`);
  const writes = text.match(/^\s*[\w-]+:\s*write(-all)?\b.*$/gm) ?? [];
  return [...problems, ...writes.map((line) => `${path}: may write: ${line.trim()}`)];
}
