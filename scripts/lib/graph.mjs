/**
 * The circles of a graph: sets of nodes of which each reaches every other (strongly connected components of more than
 * one node, by Tarjan's algorithm).
 * @param {Map<string, Iterable<string>>} edges by node; a target that is no key has none of its own
 * @returns {string[][]} sorted
 */
export function circlesOf(edges) {
  const state = { edges, index: new Map(), low: new Map(), open: [], circles: [] };
  for (const node of [...edges.keys()].sort()) if (!state.index.has(node)) visit(node, state);
  return state.circles.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

function visit(node, state) {
  const { edges, index, low, open, circles } = state;
  index.set(node, index.size);
  low.set(node, index.get(node));
  open.push(node);
  for (const target of edges.get(node) ?? []) {
    if (!index.has(target)) visit(target, state);
    if (open.includes(target)) low.set(node, Math.min(low.get(node), low.get(target)));
  }
  if (low.get(node) !== index.get(node)) return;
  const members = open.splice(open.indexOf(node));
  if (members.length > 1) circles.push(members.sort());
}
