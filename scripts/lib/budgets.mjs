/** Sizes in bytes after gzip -9, and the house numbers in code lines. */
export const budgets = {
  wasm: 105_000,
  runtime: 40_000,
  embedLoader: 20_000,
  fileLines: 400,
  functionMedian: 10,
  functionP90: 30,
};
