// The results of a run as one HTML file without scripts, that needs nothing else to be read.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart, escaped, fitCost, lineChart, type Point } from '@pocketbit/ui';
import { root } from '../../tests/support/paths.ts';
import type { BenchReport, GrowthResult, ModelResult } from './report.ts';
import { ceilingLine, growthLines, steadinessLines, tablesOf } from './summary.ts';
import { type Row, rate, type Table } from './table.ts';

const STYLES = ['packages/ui/src/tokens.css', 'packages/ui/src/report.css'];

export function resultsPage(report: BenchReport): string {
  const styles = STYLES.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  const { machine, date } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Pocketbit bench, ${escaped(date.slice(0, 10))}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>${styles}</style>
</head>
<body>
<main class="page wide stack">
<header class="masthead">
<h1>Pocketbit bench</h1>
<p class="lead">${escaped(`${machine.cpu}, ${machine.cores} cores, ${date.slice(0, 16).replace('T', ' ')} UTC`)}</p>
</header>
${report.models.some(({ contest }) => contest) ? `<div class="charts">${speedCharts(report.models)}</div>` : ''}
${tablesOf(report).map(tablePanel).join('\n')}
${report.growth.length > 0 ? `<div class="charts">${report.growth.map(growthPanels).join('')}</div>` : ''}
${facts(report)}
</main>
</body>
</html>
`;
}

function speedCharts(models: readonly ModelResult[]): string {
  const panels = models.map(
    (result) =>
      `<section class="panel"><h2>${escaped(result.model)}</h2>${speedChart(result, 'decode')}${speedChart(result, 'prefill')}</section>`,
  );
  return [...panels, ...sizeCharts(models)].join('');
}

function speedChart({ model, contest, native }: ModelResult, phase: 'decode' | 'prefill'): string {
  const rates = [
    ['Pocketbit', contest?.pocketbit?.later[phase]],
    ['wllama', contest?.wllama?.later[phase]],
    ['llama.cpp native', native?.[phase]],
  ] as const;
  const bars = rates.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ name, value, text: `${rate(value)} tok/s`, own: name === 'Pocketbit' }],
  );
  return `<p class="caption">${phase}</p>${barChart(`${model}, ${phase}`, bars)}`;
}

/** A token's time against the bytes it reads, for each kind of weights of which there are several sizes. */
function sizeCharts(models: readonly ModelResult[]): string[] {
  const kinds = [...new Set(models.map(({ model }) => model.split('-')[1]!))];
  return kinds.flatMap((kind) => {
    const points = models.flatMap(({ model, contest }): Point[] => {
      const [work, own] = [contest?.work, contest?.pocketbit];
      const fits = model.endsWith(`-${kind}`) && work && own;
      return fits ? [[Math.round(work.bytes / 1e6), 1000 / own.later.decode]] : [];
    });
    if (points.length < 2) return [];
    const label = `${kind}: a token by model size`;
    const chart = { label, x: 'MB of weights', y: 'ms a token', points, fit: fitCost(points, 1) };
    return [`<section class="panel"><h2>${escaped(label)}</h2>${lineChart(chart)}</section>`];
  });
}

function growthPanels(growth: GrowthResult): string {
  const [, ...said] = growthLines(growth);
  return `<section class="panel"><h2>${escaped(growth.model)}: a token behind a context</h2>${lineChart(
    {
      label: 'decode time against context length',
      x: 'tokens of context',
      y: 'ms a token',
      points: growth.decode,
      fit: growth.decodeCurve.coefficients,
      doubling: true,
    },
  )}<p class="caption">${said.map(escaped).join('<br>')}</p></section>
<section class="panel"><h2>${escaped(growth.model)}: a prompt</h2>${lineChart({
    label: 'prefill time against prompt length',
    x: 'tokens of prompt',
    y: 'ms',
    points: growth.prefill,
    fit: growth.prefillCurve.coefficients,
    doubling: true,
  })}</section>`;
}

function tablePanel({ title, head, rows }: Table): string {
  const cell = (tag: string) => (content: string, i: number) =>
    `<${tag}${i < 2 ? '' : ' class="number"'}>${escaped(content)}</${tag}>`;
  const line = (row: Row) =>
    `<tr${row[1]?.includes('÷') ? ' class="ratio"' : ''}>${row.map(cell('td')).join('')}</tr>`;
  return `<section class="panel"><p class="caption">${escaped(title)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${escaped(title)}">
<table><thead><tr>${head.map(cell('th')).join('')}</tr></thead>
<tbody>${rows.map(line).join('\n')}</tbody></table></div></section>`;
}

function facts(report: BenchReport): string {
  const rows: [string, string][] = [
    ['Command', report.command],
    ['Commit', report.commit],
    ['System', report.machine.system],
    ...(report.ceilings ? [['Roofline', ceilingLine(report.ceilings)] as [string, string]] : []),
    ['Load at the start', report.machine.load.toFixed(1)],
    ...Object.entries(report.versions),
    ...steadinessLines(report).map((line): [string, string] => ['Steadiness', line]),
    ...report.notes.map((note): [string, string] => ['Note', note]),
  ];
  const list = rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<section class="panel"><h2>This run</h2><dl class="facts">${list.join('')}</dl></section>`;
}
