/**
 * What must and must not occur in the code of each artifact: patterns over instruction names. Of the relaxed
 * instructions only the dot products and the swizzle are fed inputs that leave them no freedom. LLVM makes others by itself, relaxed_max of
 * a comparison and a choice for one, and any of them could change a bit of the result from engine to engine.
 */
const opcodeRules = {
  scalar: { needs: [], forbids: [/^v128/, /^[if]\d+x\d+/, /relaxed/] },
  simd128: { needs: [/^v128\.load$/, /^i8x16.popcnt$/], forbids: [/relaxed/] },
  relaxed: {
    needs: [/^v128\.load$/, /^i8x16.popcnt$/, /relaxed_dot_i8x16_i7x16/],
    forbids: [/relaxed_(?!dot_i8x16_i7x16|swizzle)/],
  },
};

const featureRules = {
  scalar: { needs: [], forbids: ['+simd128', '+relaxed-simd', '+atomics'] },
  simd128: { needs: ['+simd128'], forbids: ['+relaxed-simd', '+atomics'] },
  relaxed: { needs: ['+simd128', '+relaxed-simd'], forbids: ['+atomics'] },
};

/**
 * Safari before 27.3 rejects a module that holds one relaxed instruction, and an engine without SIMD one that holds
 * any v128, so each artifact must hold what its name says and nothing more.
 * @param {Map<string, number>} counts occurrences by instruction name
 * @returns {string[]} what is wrong; empty when all is right
 */
export function opcodeProblems(artifact, counts) {
  const { needs, forbids } = opcodeRules[artifact];
  const names = [...counts.keys()];
  const missing = needs.filter((pattern) => !names.some((name) => pattern.test(name)));
  const foreign = names.filter((name) => forbids.some((pattern) => pattern.test(name)));
  return [
    ...missing.map((pattern) => `no instruction ${pattern.source}`),
    ...foreign.map((name) => `${counts.get(name)} × ${name}, not allowed in ${artifact}`),
  ];
}

/** Compares the compiler's own record of the features it used with the artifact's name. */
export function featureProblems(artifact, features) {
  if (!features) return ['no target_features section'];
  const { needs, forbids } = featureRules[artifact];
  return [
    ...needs
      .filter((name) => !features.includes(name))
      .map((name) => `target feature ${name} missing`),
    ...forbids
      .filter((name) => features.includes(name))
      .map((name) => `target feature ${name} not allowed`),
  ];
}

/** What is declared and not found, and found and not declared; for a single value, both. */
export function listDifferences(part, declared, found) {
  if (!Array.isArray(found)) {
    return declared === found ? [] : [`${part}: declared ${declared}, found ${found}`];
  }
  const missing = (declared ?? []).filter((entry) => !found.includes(entry));
  const extra = found.filter((entry) => !declared?.includes(entry));
  return [
    ...missing.map((entry) => `${part}: "${entry}" is declared, not found`),
    ...extra.map((entry) => `${part}: "${entry}" is found, not declared`),
  ];
}
