// A finished run as it is stored and shared.
import { displayName } from '@pocketbit/ui';
import type { Measurement } from './measure.ts';

export interface Result extends Measurement {
  /** ISO 8601. */
  readonly date: string;
  readonly browser: string;
  readonly cores: number;
}

export function resultOf(measurement: Measurement, now = new Date()): Result {
  const { model } = measurement;
  return {
    ...measurement,
    model: { ...model, name: displayName(model.name) },
    date: now.toISOString(),
    browser: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
  };
}

/** A few lines for a message. */
export function summary({ model, speed, p50, p95, browser, cores }: Result): string {
  return [
    `${model.name} in Pocketbit (${model.artifact}, one thread):`,
    `${rate(speed.decode)} tokens/s answering, ${rate(speed.prefill)} tokens/s reading,`,
    `first token of ${Math.round(speed.promptTokens)} after ${Math.round(speed.firstTokenMs)} ms,`,
    `p50 ${p50.toFixed(1)} ms and p95 ${p95.toFixed(1)} ms between tokens.`,
    `${cores} cores, ${browser}`,
  ].join('\n');
}

export function rate(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0);
}

/** "1.2 MB", decimal units. */
export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

const KEY = 'pocketbit-bench';
const MAX_SAVED = 12;

/** Earlier results on this device, the latest first; one a model and artifact. */
export function savedResults(): Result[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Result[];
  } catch {
    return [];
  }
}

/** Stores a result beside the others; a browser that stores nothing forgets it with the page. */
export function save(result: Result): Result[] {
  const same = ({ model }: Result) =>
    model.name === result.model.name && model.artifact === result.model.artifact;
  const results = [result, ...savedResults().filter((other) => !same(other))].slice(0, MAX_SAVED);
  try {
    localStorage.setItem(KEY, JSON.stringify(results));
  } catch {
    // Private mode; the page still has it.
  }
  return results;
}

/** Opens the device's share sheet with the result as text and, where it takes files, as JSON. */
export async function share(result: Result): Promise<void> {
  const files = [new File([json(result)], fileName(result), { type: 'application/json' })];
  const text = summary(result);
  const data = navigator.canShare?.({ files }) ? { text, files } : { text };
  await navigator.share(data).catch((error: DOMException) => {
    if (error.name !== 'AbortError') throw error;
  });
}

export function download(result: Result): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(new Blob([json(result)], { type: 'application/json' }));
  link.href = url;
  link.download = fileName(result);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function json(result: Result): string {
  return JSON.stringify(result, null, 2);
}

function fileName({ model, date }: Result): string {
  const name = model.name.replace(/[^\w.-]+/g, '-').toLowerCase();
  return `pocketbit-bench-${name}-${date.slice(0, 10)}.json`;
}
