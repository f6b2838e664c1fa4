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
      text: message.querySelector('[data-testid=prose]')?.textContent ?? message.textContent,
      ids: message.dataset.ids ?? '',
      state: message.dataset.state ?? '',
    })),
  );
}

/** The first texts of the other conversations, and of what the user had kept. */
export async function beside(page: Page): Promise<{ chats: string[]; kept: string[] }> {
  await page.getByTestId('model-button').click();
  const chats = page.getByTestId('chats').getByRole('listitem');
  const listed = await chats.allInnerTexts();
  await page.keyboard.press('Escape');
  const kept = page.getByTestId('kept').locator('li');
  return { chats: listed, kept: await kept.allTextContents() };
}
