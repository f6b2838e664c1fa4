// What tests put into the assistant's databases behind its back, and read from them.
import { expect, type Page } from '@playwright/test';

const DATABASES = {
  'pocketbit-assistant': 'state',
  'pocketbit-session': 'records',
} as const;
export type Database = keyof typeof DATABASES;

/** What a test stores: a key and, as the body of a function, what makes the value: not every value can be sent to a page. */
export type Seed = readonly [database: Database, key: IDBValidKey, value: string];

/** Opens the app's origin without the app. */
export async function besideApp(page: Page, url: string): Promise<void> {
  await page.goto(`${url}icons/icon.svg`);
}

/** Stores values as they are, on a page of the app's origin. */
export async function seed(page: Page, seeds: readonly Seed[]): Promise<void> {
  for (const [database, key, body] of seeds) {
    const place = JSON.stringify([database, DATABASES[database], key]);
    // Platform fact: a policy without 'unsafe-eval' forbids a function made of text, but not what a debugger evaluates.
    await page.evaluate(`(${put.toString()})(...${place}, (() => { ${body} })())`);
  }
}

function put(name: string, store: string, key: IDBValidKey, value: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open(name);
    open.onupgradeneeded = () => open.result.createObjectStore(store);
    open.onsuccess = () => {
      const write = open.result.transaction(store, 'readwrite');
      write.objectStore(store).put(value, key);
      write.onabort = () => reject(write.error);
      write.oncomplete = () => {
        open.result.close();
        resolve();
      };
    };
  });
}

/** Every key of a database, and its value as JSON, as far as it goes. */
export function records(page: Page, database: Database): Promise<[IDBValidKey, string][]> {
  return page.evaluate(
    ([name, store]) =>
      new Promise<[IDBValidKey, string][]>((resolve, reject) => {
        const open = indexedDB.open(name);
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
          const records = open.result.transaction(store).objectStore(store);
          const [keys, values] = [records.getAllKeys(), records.getAll()];
          values.onsuccess = () => {
            open.result.close();
            const text = (value: unknown) => {
              try {
                return JSON.stringify(value) ?? String(value);
              } catch {
                return String(value);
              }
            };
            resolve(keys.result.map((key, i) => [key, text(values.result[i])]));
          };
        };
      }),
    [database, DATABASES[database]] as const,
  );
}

/** The pane of what is kept. */
export const kept = (page: Page) => page.getByTestId('kept').filter({ visible: true });

/** Waits until the pane shows an entry so many times. */
export async function untilKept(page: Page, text: string, count = 1): Promise<void> {
  await expect(kept(page).getByText(text, { exact: true })).toHaveCount(count);
}

/** Data as versions before 0.3 kept them: one record. */
export function oldForm(data: object): Seed {
  const all = { timers: [], reminders: [], lists: {}, notes: [], ...data };
  return ['pocketbit-assistant', 'kept', `return ${JSON.stringify(all)}`];
}

/** Lets a test move the page's wall clock: `shift` is added to it, ms. */
export const movableClock = () => {
  const Real = Date;
  Object.assign(window, { shift: 0 });
  const now = () => Real.now() + (window as unknown as { shift: number }).shift;
  window.Date = class extends Real {
    constructor(...args: unknown[]) {
      super(...((args.length > 0 ? args : [now()]) as [number]));
    }
    static override now = now;
  } as DateConstructor;
};

export function moveClock(page: Page, ms: number): Promise<void> {
  return page.evaluate((by) => {
    Object.assign(window, { shift: by });
  }, ms);
}
