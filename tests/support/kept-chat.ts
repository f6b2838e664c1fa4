import type { Page } from '@playwright/test';
import type { Site } from './serve.ts';

/** Keeps a conversation as a visit leaves it, of a question and one answer; the assistant opens it at its next start. */
export async function keepAnswer(
  page: Page,
  site: Pick<Site, 'url'>,
  answer: string,
  question = 'Tell me',
): Promise<void> {
  await page.goto(`${site.url}embed/page.css`);
  await page.evaluate(
    ([asked, text]) =>
      new Promise<void>((resolve, reject) => {
        const open = indexedDB.open('pocketbit-session');
        open.onupgradeneeded = () => open.result.createObjectStore('records');
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
          const write = open.result.transaction('records', 'readwrite');
          const messages = [
            { id: 'q', role: 'user', text: asked, ids: [], state: 'done' },
            { id: 'a', role: 'assistant', text, ids: [1], state: 'done' },
          ];
          const chat = { id: 'kept', revision: 1, updatedAt: Date.now(), messages, session: null };
          write.objectStore('records').put(chat, ['chat', 'kept']);
          write.oncomplete = () => {
            open.result.close();
            resolve();
          };
        };
      }),
    [question, answer] as const,
  );
}
