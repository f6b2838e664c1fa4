import type { KernelSpeed } from '../lab/kernels.ts';
import type { Solo } from './alone.ts';
import type { Ceilings } from './ceilings.ts';
import type { Contest } from './contest.ts';
import type { KernelTiming } from './kernels.ts';
import type { ModelResult } from './report.ts';
import type { Yardstick } from './yardstick.ts';

/** Cells of one row. */
export type Row = readonly string[];

export interface Table {
  readonly title: string;
  readonly head: Row;
  readonly rows: readonly Row[];
}

const NONE = '–';

/** A Markdown table. The first two columns hold names, the others numbers. */
export function markdown({ title, head, rows }: Table): string {
  const rule = head.map((_, i) => (i < 2 ? '---' : '--:'));
  const lines = [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`);
  return [title, '', ...lines].join('\n');
}

const COMPARISON: Row = [
  'model',
  'engine',
  'load cold, s',
  'load warm, s',
  'first request, tok/s',
  'prefill, tok/s',
  'decode, tok/s',
  'first token of 128, s',
  'of roofline',
  'peak, MB',
];

/** Engines side by side, and under them Pocketbit's ratios to each. */
export function comparison(
  models: readonly ModelResult[],
  ceilings: Ceilings | null = null,
): Table {
  return {
    title:
      'The same file, one thread each; rates are medians; first requests and shares of the roofline are prefill / decode; peaks with a context of 2048',
    head: COMPARISON,
    rows: models.flatMap((model) => comparisonRows(model, ceilings)),
  };
}

function comparisonRows(result: ModelResult, ceilings: Ceilings | null): Row[] {
  const { model, native, promptTokens, decodeTokens } = result;
  const name = `${model} (${megabytes(result.fileBytes)} MB, ${promptTokens}/${decodeTokens})`;
  const rows: Row[] = [[name, ...engineCells(result, 'pocketbit', ceilings)]];
  if (result.contest?.wllama || result.peaks?.wllama)
    rows.push(['', ...engineCells(result, 'wllama')]);
  if (native) {
    const cells = ['llama.cpp native', NONE, seconds(native.loadMs), NONE, rate(native.prefill)];
    rows.push([
      '',
      ...cells,
      rate(native.decode),
      seconds(firstTokenOf(native.prefill)),
      NONE,
      NONE,
    ]);
  }
  return [...rows, ...ratioRows(result)];
}

function engineCells(
  { contest, peaks, firstToken }: ModelResult,
  engine: 'pocketbit' | 'wllama',
  ceilings: Ceilings | null = null,
): Row {
  const shares =
    engine === 'pocketbit' && ceilings && contest ? rooflineOf(contest, ceilings) : null;
  const standing = contest?.[engine];
  const peak = peaks?.[engine];
  return [
    engine,
    standing ? seconds(standing.coldMs) : NONE,
    standing ? seconds(standing.warmMs) : NONE,
    standing ? `${rate(standing.first.prefill)} / ${rate(standing.first.decode)}` : NONE,
    standing ? rate(standing.later.prefill) : NONE,
    standing ? rate(standing.later.decode) : NONE,
    firstToken ? seconds(firstToken[engine]) : NONE,
    shares ? `${percent(shares.prefill)} / ${percent(shares.decode)}` : NONE,
    peak === undefined ? NONE : megabytes(peak),
  ];
}

/** Milliseconds to the first token of 128 at this rate. */
export function firstTokenOf(prefill: number): number {
  return (128 / prefill) * 1000;
}

/**
 * Shares of the roofline, 0 to 1: the time that the ceilings allow over the time it took. A token must read every weight
 * once and multiply by it; a prompt multiplies, but by the head only once.
 */
export function rooflineOf(
  { pocketbit, work }: Contest,
  { streamGbs, dotGmacs, strictGmacs }: Ceilings,
): { prefill: number; decode: number } | null {
  if (!pocketbit || !work) return null;
  const peak = (dotGmacs ?? strictGmacs) * 1e9;
  const token = Math.max(work.bytes / (streamGbs * 1e9), work.macs / peak);
  const prompt = (work.macs - work.headMacs) / peak;
  return { prefill: prompt * pocketbit.later.prefill, decode: token * pocketbit.later.decode };
}

/** Pocketbit over a peer: more is better for rates, less for bytes. */
export interface Ratios {
  readonly prefill?: number;
  readonly decode?: number;
  readonly peak?: number;
}

/** Pocketbit's figures over wllama's. */
export function ratiosToWllama({ contest, peaks }: ModelResult): Ratios {
  const [own, other] = [contest?.pocketbit?.later, contest?.wllama?.later];
  return {
    ...(own &&
      other && { prefill: own.prefill / other.prefill, decode: own.decode / other.decode }),
    ...(peaks?.pocketbit && peaks.wllama && { peak: peaks.pocketbit / peaks.wllama }),
  };
}

/** Pocketbit's rates over native llama.cpp's. */
export function ratiosToNative({ contest, native }: ModelResult): Ratios {
  const own = contest?.pocketbit?.later;
  return own && native
    ? { prefill: own.prefill / native.prefill, decode: own.decode / native.decode }
    : {};
}

function ratioRows(result: ModelResult): Row[] {
  return [
    ['pocketbit ÷ wllama', ratiosToWllama(result)] as const,
    ['pocketbit ÷ native', ratiosToNative(result)] as const,
  ].flatMap(([name, { prefill, decode, peak }]) =>
    prefill === undefined && peak === undefined
      ? []
      : [['', name, '', '', '', times(prefill), times(decode), '', '', times(peak)]],
  );
}

/** Pocketbit by itself, a row for each model and browser. */
export function soloTable(title: string, solos: readonly Solo[]): Table {
  return {
    title,
    head: [
      'model',
      'browser',
      'prompt',
      'load, s',
      'prefill, tok/s',
      'decode, tok/s',
      'first token, s',
      'p50 / p95, ms',
      'peak, MB',
    ],
    rows: solos.map((solo) => [
      solo.model,
      solo.browser,
      String(solo.promptTokens),
      seconds(solo.loadMs),
      rate(solo.prefill),
      rate(solo.decode),
      seconds(solo.firstTokenMs),
      `${solo.p50.toFixed(1)} / ${solo.p95.toFixed(1)}`,
      solo.peakBytes === null ? NONE : megabytes(solo.peakBytes),
    ]),
  };
}

/** Each kernel by itself, and beside them the ternary product in native code. */
export function kernelTable(
  timings: readonly KernelTiming[],
  yardstick: Yardstick | null = null,
): Table {
  const inWasm = timings.map(({ family, kernel, artifact, ...timing }) =>
    kernelRow(`${family} ${kernel}`, artifact, timing),
  );
  const native = (yardstick?.speeds ?? []).map((speed) =>
    kernelRow('ternary', `native, ${yardstick!.instructions}`, { ...speed, tokens: 1 }),
  );
  return {
    title: 'Kernels, the minimum of a hundred samples of a millisecond',
    head: ['kernel', 'artifact', 'rows × K', 'tokens', 'GMAC/s', 'GB/s'],
    rows: [...inWasm, ...native],
  };
}

function kernelRow(
  kernel: string,
  artifact: string,
  { rows, k, tokens, gmacs, gbs }: Omit<KernelSpeed, 'family' | 'kernel' | 'copies'>,
): Row {
  return [kernel, artifact, `${rows} × ${k}`, String(tokens), gmacs.toFixed(1), gbs.toFixed(2)];
}

/** A rate with three digits or so. */
export const rate = (value: number) =>
  value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0);
const seconds = (ms: number) => (ms / 1000).toFixed(2);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
const times = (ratio: number | undefined) => (ratio === undefined ? '' : `${ratio.toFixed(2)} ×`);
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
