/**
 * Asks the browser not to evict what is stored, unless it promised that already; Firefox asks the user. Null where it
 * cannot be asked. `storageEstimate` has the answer later.
 */
export async function persistStorage(): Promise<boolean | null> {
  const { storage } = globalThis.navigator ?? {};
  // Platform fact: only secure pages have StorageManager, and no worker can ask.
  if (!storage?.persist) return null;
  return ((await storage.persisted()) || (await storage.persist())) ?? null;
}
