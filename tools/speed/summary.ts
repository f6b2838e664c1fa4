import type { Ceilings } from './ceilings.ts';
import type { BenchReport, GrowthResult } from './report.ts';
import { tableOf } from './speed.ts';
import { comparison, kernelTable, markdown, soloTable, type Table } from './table.ts';

/** The tables of what was measured. */
export function tablesOf(report: BenchReport): Table[] {
  return [
    ...(report.models.length > 0 ? [comparison(report.models, report.ceilings)] : []),
    ...(report.alone.length > 0
      ? [soloTable('Pocketbit alone, a context of 2048', report.alone)]
      : []),
    ...(report.elsewhere.length > 0
      ? [soloTable('Pocketbit in other browsers', report.elsewhere)]
      : []),
    ...(report.kernels.length > 0 ? [kernelTable(report.kernels, report.yardstick)] : []),
  ];
}

/** The whole report as text. */
export function summary(report: BenchReport): string {
  const { machine, versions, date } = report;
  const about = [
    `${machine.cpu}, ${machine.cores} cores, load ${machine.load.toFixed(1)} at the start; ${date}`,
    Object.entries(versions)
      .map((pair) => pair.join(' '))
      .join(', '),
  ];
  return [
    ...tablesOf(report).map(markdown),
    ...(report.ceilings ? [`Roofline: ${ceilingLine(report.ceilings)}`] : []),
    ...(report.artifacts.length > 0 ? [tableOf(report.artifacts)] : []),
    [...report.growth.flatMap(growthLines), ...steadinessLines(report), ...report.notes].join('\n'),
    about.join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The roofline in words. */
export function ceilingLine({ streamGbs, dotGmacs, strictGmacs }: Ceilings): string {
  const dot =
    dotGmacs === null ? 'no relaxed dot product' : `${dotGmacs.toFixed(0)} GMAC/s relaxed`;
  return `One thread in Chromium: ${streamGbs.toFixed(1)} GB/s read, ${dot}, ${strictGmacs.toFixed(0)} GMAC/s strict`;
}

/** What the curves say, and every point that attention does not explain. */
export function growthLines({ model, decodeCurve, prefillCurve }: GrowthResult): string[] {
  const [token = 0, position = 0] = decodeCurve.coefficients;
  const [, each = 0, square = 0] = prefillCurve.coefficients;
  const jumps = [...decodeCurve.jumps, ...prefillCurve.jumps].map(
    ({ at, ms, expectedMs }) =>
      `${model}: ${ms.toFixed(1)} ms at ${at} tokens where the curve says ${expectedMs.toFixed(1)}`,
  );
  return [
    `${model}: a token takes ${token.toFixed(2)} ms and ${(position * 1000).toFixed(2)} µs for each position before it; ` +
      `a prompt ${each.toFixed(3)} ms a token and ${(square * 1e6).toFixed(2)} ns for each pair`,
    ...(jumps.length > 0 ? jumps : [`${model}: no step or jump that attention does not explain`]),
  ];
}

export function steadinessLines({ steadiness }: BenchReport): string[] {
  return steadiness.map(
    ({ model, tokens, p50, p95, ratio, load }) =>
      `${model}: ${tokens} tokens, p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ratio ${ratio.toFixed(2)}` +
      (load > 0 ? ` beside ${load} busy pages` : ''),
  );
}
