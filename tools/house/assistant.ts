// Steps in the assistant of either tree.
import type { Page } from '@playwright/test';

const WAIT_MS = 60_000;

/** Waits until the model answers. */
export async function untilReady(page: Page): Promise<void> {
  const status = page.getByTestId('status').filter({ hasText: /Ready|Works offline|Not stored/ });
  await status.waitFor({ timeout: WAIT_MS });
}

/** Sends a message and waits for its whole answer. */
export async function ask(page: Page, message: string): Promise<void> {
  const answers = page.locator('[data-testid=message-assistant][data-state=done]');
  const before = await answers.count();
  await page.getByTestId('input').fill(message);
  await page.getByTestId('send').click();
  await answers.nth(before).waitFor({ timeout: WAIT_MS });
}

export interface Shown {
  readonly role: string;
  readonly text: string;
  readonly ids: string;
  readonly state: string;
}

/** The conversation as it is on the screen. */
export function shown(page: Page): Promise<Shown[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-testid^=message-]')].map((message) => ({
      role: message.dataset.testid!,
      // A card of an action tells the time, which goes on.
      text:
        (message.dataset.ids
          ? message.querySelector('[data-testid=prose]')
          : message
        )?.textContent?.trim() ?? '',
      ids: message.dataset.ids ?? '',
      state: message.dataset.state ?? '',
    })),
  );
}

/** The other conversations, and the texts of the reminders, lists and notes: a timer's changes with the hour. */
export async function beside(page: Page): Promise<{ chats: string[]; kept: string[] }> {
  await page.getByTestId('model-button').click();
  await page.getByTestId('chats').locator('.one-line').first().waitFor();
  const listed = await page.getByTestId('chats').locator('.one-line').allTextContents();
  await page.keyboard.press('Escape');
  const panel = page.getByTestId('kept').filter({ visible: true });
  return { chats: listed, kept: await panel.locator('li.entry p:first-child').allTextContents() };
}
