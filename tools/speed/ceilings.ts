// What the machine gives a WebAssembly module in this engine: bytes read and multiply-adds a second. Nothing runs faster
// than both, so a model's share of them says how much is left.
import type { Page } from '@playwright/test';
import binaryen from 'binaryen';
import type {} from '../lab/main.ts';

export interface Ceilings {
  /** Reading 64 MB in eight interleaved streams, 10^9 bytes a second. */
  readonly streamGbs: number;
  /** Relaxed dot products of bytes, twelve independent sums, 10^9 multiply-adds a second; null without relaxed SIMD. */
  readonly dotGmacs: number | null;
  /** Dot products of 16-bit numbers, which every SIMD engine has. */
  readonly strictGmacs: number;
}

const STREAMS = 8;
const STREAM_BYTES = 8 * 1024 * 1024;
const SUMS = 12;
/** Sums of one call of a peak loop. */
const STEPS = 400_000;
const SAMPLES = 100;

/** Takes the ceilings in the engine of a page of the lab, a few seconds. */
export async function ceilingsIn(page: Page): Promise<Ceilings> {
  const loops = [
    { text: streamLoop(), name: 'stream' },
    { text: peakLoop(STRICT), name: 'peak' },
    { text: peakLoop(RELAXED), name: 'peak' },
  ].map(({ text, name }) => ({ bytes: [...assembled(text)], name }));
  const [streamMs, strictMs, dotMs] = await page.evaluate(
    ([asked, samples]) => window.lab.timeLoops(asked, samples),
    [loops, SAMPLES] as const,
  );
  const gmacs = (ms: number, lanes: number) => (STEPS * SUMS * lanes) / ms / 1e6;
  return {
    streamGbs: (STREAMS * STREAM_BYTES) / streamMs! / 1e6,
    strictGmacs: gmacs(strictMs!, 8),
    dotGmacs: dotMs === null ? null : gmacs(dotMs!, 16),
  };
}

function assembled(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  try {
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** Reads every vector of the memory once, the streams in turns, into one sum each. */
function streamLoop(): string {
  const all = Array.from({ length: STREAMS }, (_, i) => i);
  const read = (i: number) =>
    `(local.set $s${i} (v128.xor (local.get $s${i})
       (v128.load offset=${i * STREAM_BYTES} (local.get $at))))`;
  return `(module
    (memory ${(STREAMS * STREAM_BYTES) / 65_536})
    (func (export "stream") (result i32)
      (local $at i32) ${all.map((i) => `(local $s${i} v128)`).join(' ')}
      (loop $next
        ${all.map(read).join('\n')}
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const ${STREAM_BYTES}))))
      ${folded(STREAMS)}))`;
}

/** One step of sum `i`. */
type Step = (i: number) => string;

const RELAXED: Step = (i) =>
  `(i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $a) (local.get $b) (local.get $s${i}))`;
const STRICT: Step = (i) =>
  `(i32x4.add (i32x4.dot_i16x8_s (local.get $s${i}) (local.get $b)) (local.get $a))`;

function peakLoop(step: Step): string {
  const all = Array.from({ length: SUMS }, (_, i) => i);
  return `(module
    (memory 1)
    (func (export "peak") (result i32)
      (local $left i32) (local $a v128) (local $b v128) ${all.map((i) => `(local $s${i} v128)`).join(' ')}
      (local.set $left (i32.const ${STEPS}))
      (local.set $a (v128.load (i32.const 0)))
      (local.set $b (v128.load (i32.const 16)))
      (loop $next
        ${all.map((i) => `(local.set $s${i} ${step(i)})`).join('\n')}
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $next (local.get $left)))
      ${folded(SUMS)}))`;
}

/** One number out of all sums, so that none of them is dead. */
function folded(count: number): string {
  return Array.from({ length: count }, (_, i) => i).reduce(
    (sum, i) => `(i32.xor ${sum} (i32x4.extract_lane 0 (local.get $s${i})))`,
    '(i32.const 0)',
  );
}
