import type { ModelInfo } from 'pocketbit';
import type { Notice } from '../state/assistant.ts';

/** What the quiet line above the composer says. */
export function noticeText(notice: NonNullable<Notice>, info: ModelInfo | null): string {
  if (notice === 'resumed') return 'The answer went on where it had stopped.';
  if (notice === 'recovered') return 'The model was started again, and the answer went on.';
  const context = `${info?.contextLength.toLocaleString('en-US')} tokens of context`;
  return info?.crash
    ? `The page closed by itself last time, so the model starts smaller: ${context}.`
    : `The model was given less room to fit on this device: ${context}.`;
}
