import type { ModelInfo } from 'pocketbit';
import type { Notice } from '../state/assistant.ts';

/** What the quiet line above the composer says; nothing while the model it speaks of is not there. */
export function noticeText(notice: NonNullable<Notice>, info: ModelInfo | null): string | null {
  if (notice === 'resumed') return 'The answer went on where it had stopped.';
  if (notice === 'recovered') return 'The model was started again, and the answer went on.';
  if (notice === 'unsaved')
    return 'The browser could not store the latest changes. They are here until the page is closed, and are tried again.';
  if (notice === 'unreadable')
    return 'Something that is stored here could not be read. The rest is here; “Kept for you” can save it as a file.';
  if (!info) return null;
  if (notice === 'unkept')
    return 'The browser could not store the model, so it is here for this visit only.';
  const tokens = `${info.contextLength.toLocaleString('en-US')} tokens`;
  return info.crash
    ? `The page closed by itself, so the model now reads less at once: ${tokens}.`
    : `To fit on this device, the model reads less at once: ${tokens}.`;
}
