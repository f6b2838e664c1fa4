/** An id that no other thing has. Platform fact: `crypto.randomUUID` is missing on pages without TLS. */
export function freshId(): string {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(36)).join('-');
}
