/** Replaces ranges of a text by spaces, line ends kept, so that every position stays where it was. */
export function blank(text, ranges) {
  const parts = [];
  let at = 0;
  for (const { start, end } of ranges) {
    parts.push(text.slice(at, start), text.slice(start, end).replace(/[^\n]/g, ' '));
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/** Lines between two positions that hold code; `code` is a text without its comments. */
export function codeLines(code, start = 0, end = code.length) {
  return code
    .slice(start, end)
    .split('\n')
    .filter((line) => line.trim()).length;
}

/** Number of the line, from 1, that holds a position. */
export function lineAt(text, position) {
  return text.slice(0, position).split('\n').length;
}

/** The value below which `share` of the sorted values lie (nearest rank); 0 for none. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
