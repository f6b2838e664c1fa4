import type { Conversation } from 'pocketbit';

/**
 * In the page of the assistant: tells it for `ms` that another app came to the front, and longer where a point of `min`
 * tokens is not there yet, 5 s at most. The tokens of the answer in each point that is there meanwhile, in turn.
 */
export async function hide([ms, min]: readonly [number, number]): Promise<number[]> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const open = indexedDB.open('pocketbit-session');
    open.onsuccess = () => resolve(open.result);
  });
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
  const points: number[] = [];
  const start = performance.now();
  for (;;) {
    const enough = (points.at(-1) ?? -1) >= min;
    if (performance.now() - start > (enough ? ms : 5000)) break;
    const records = await new Promise<Partial<Conversation<unknown>>[]>((resolve) => {
      const all = database.transaction('records').objectStore('records').getAll();
      all.onsuccess = () => resolve(all.result);
    });
    const chats = records.filter(({ session }) => session);
    chats.sort((a, b) => (b.updatedAt ?? 0) - (a.updatedAt ?? 0));
    const point = chats[0]?.session?.answer.length ?? 0;
    if (point !== points.at(-1)) points.push(point);
  }
  database.close();
  Reflect.deleteProperty(document, 'visibilityState');
  return points;
}
