/** What a build writes, and what is too heavy or too private for git. */
const outputs = [
  /(^|\/)(node_modules|target|dist|dist-types|__pycache__|test-results|playwright-report)\//,
  /\.(wasm|tsbuildinfo|log|pyc|pt|safetensors)$/,
  /^packages\/web\/wasm\//,
];

/** A model file belongs to the assistant or to the test fixtures. */
const modelFolders = [/^apps\/[^/]+\/public\/models\//, /^tests\/fixtures\//];

/** Names of tracked files that are build output or stray models. */
export function trackedBreaches(paths) {
  return paths.flatMap((path) => {
    if (outputs.some((pattern) => pattern.test(path))) return [`${path}: build output in git`];
    const isStray = path.endsWith('.gguf') && !modelFolders.some((pattern) => pattern.test(path));
    return isStray ? [`${path}: model file outside the assistant and the fixtures`] : [];
  });
}
