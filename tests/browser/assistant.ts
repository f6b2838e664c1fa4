// Steps that several tests take in the assistant.
import { expect, type Page } from '@playwright/test';

export const READY = '[data-testid="status"]';

/** Waits until the model answers. */
export async function untilReady(page: Page): Promise<void> {
  await expect(page.getByTestId('status')).toHaveText(/Ready|Works offline|Not stored/);
}

/** Waits until the next visit needs no network. */
export async function untilOffline(page: Page): Promise<void> {
  await expect(page.getByTestId('status')).toHaveAttribute('data-offline', 'true');
}

/** Sends a message and returns the ids of its whole answer. */
export async function ask(page: Page, message: string): Promise<number[]> {
  await page.getByTestId('input').fill(message);
  await page.getByTestId('send').click();
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).toHaveAttribute('data-state', 'done');
  return idsOf((await answer.getAttribute('data-ids')) ?? '');
}

export function idsOf(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number);
}
