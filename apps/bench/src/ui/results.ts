import type { Point } from '@pocketbit/ui';
import { barChart, costCurve, lineChart } from '@pocketbit/ui';
import { html, nothing, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { download, megabytes, type Result, rate, share, summary } from '../result.ts';
import { kernels } from './kernels.ts';
import type { BenchView } from './view.ts';

/** Everything about the last run. */
export function results(app: BenchView): TemplateResult {
  const result = app.result!;
  return html`
    <section data-testid="result" aria-label="Result" class="stack">
      ${tiles(result)} ${sharing(app, result)}
      <div class="charts">
        ${growth({
          title: 'A token behind a context',
          label: 'Milliseconds of a token against the tokens of context before it',
          x: 'tokens of context',
          y: 'ms a token',
          points: result.decode,
          power: 1,
        })}
        ${growth({
          title: 'Reading a prompt',
          label: 'Milliseconds of a prompt against its tokens',
          x: 'tokens of prompt',
          y: 'ms',
          points: result.prefill,
          power: 2,
        })}
        ${history(app.saved, result)}
      </div>
      ${kernels(result.kernels)} ${details(result)}
    </section>
  `;
}

function tiles({ speed, p50, p95, reloadMs, model }: Result): TemplateResult {
  const tile = (name: string, value: string, unit: string, first = false) =>
    html`<div class="tile ${first ? 'first' : ''}">
      <dt>${name}</dt>
      <dd>${value} <small>${unit}</small></dd>
    </div>`;
  return html`<dl class="tiles">
    ${tile('Answering', rate(speed.decode), 'tokens/s', true)}
    ${tile('Reading', rate(speed.prefill), 'tokens/s')}
    ${tile('First token', speed.firstTokenMs.toFixed(0), `ms of ${Math.round(speed.promptTokens)}`)}
    ${tile('Evenness', p50 < CLOCK_MS ? '–' : (p95 / p50).toFixed(2), p50 < CLOCK_MS ? 'under 2 ms' : 'p95 / p50')}
    ${tile('Loaded again', (reloadMs / 1000).toFixed(2), 's')}
    ${tile('In memory', megabytes(model.residentBytes), '')}
  </dl>`;
}

/** Times between tokens from here on can be told apart by every browser's clock. */
const CLOCK_MS = 2;

function sharing(app: BenchView, result: Result): TemplateResult {
  const copy = async () => {
    await navigator.clipboard.writeText(summary(result));
    app.announcement = 'Copied';
  };
  return html`<div class="actions">
    ${
      'share' in navigator
        ? html`<button class="button" @click=${() => share(result)}>Share</button>`
        : nothing
    }
    <button class="button plain" data-testid="copy" @click=${copy}>
      ${app.announcement === 'Copied' ? 'Copied' : 'Copy as text'}
    </button>
    <button class="button plain" @click=${() => download(result)}>Download JSON</button>
  </div>`;
}

interface GrowthChart {
  readonly title: string;
  readonly label: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly Point[];
  readonly power: 1 | 2;
}

function growth(chart: GrowthChart): TemplateResult | typeof nothing {
  const { title, points, power } = chart;
  if (points.length < 2) return nothing;
  const enough = points.length > power + 2;
  const curve = enough ? costCurve(points, power) : { coefficients: [], jumps: [] };
  const fit = enough ? { fit: curve.coefficients } : {};
  const verdicts = curve.jumps.map(
    ({ at, ms, expectedMs }) =>
      `At ${at} tokens ${ms.toPrecision(3)} ms, where attention's curve says ${expectedMs.toPrecision(3)}.`,
  );
  return html`<section class="panel">
    <h2>${title}</h2>
    ${unsafeHTML(lineChart({ ...chart, ...fit, doubling: true }))}
    <p class="caption">${enough ? verdict(verdicts, power) : ''}</p>
  </section>`;
}

function verdict(jumps: readonly string[], power: 1 | 2): string {
  const shape = power === 1 ? 'a straight line' : 'a line and the square of the length';
  return jumps.length > 0 ? jumps.join(' ') : `As attention explains it: ${shape}, dashed.`;
}

/** Models measured on this device, by size. */
function history(results: readonly Result[], current: Result): TemplateResult | typeof nothing {
  if (results.length < 2) return nothing;
  const bars = [...results]
    .sort((a, b) => a.model.residentBytes - b.model.residentBytes)
    .map(({ model, speed, date }) => ({
      name: `${model.name}, ${megabytes(model.residentBytes)}, ${model.artifact}`,
      value: 1000 / speed.decode,
      text: `${(1000 / speed.decode).toPrecision(3)} ms`,
      own: date === current.date,
    }));
  return html`<section class="panel">
    <h2>A token by model size</h2>
    ${unsafeHTML(barChart('Milliseconds of a token of the models measured on this device', bars))}
  </section>`;
}

function details(result: Result): TemplateResult {
  const { model, first, speed, browser, cores, date, loadMs, fromCache, p50, p95 } = result;
  const facts: [string, string][] = [
    ['Model', `${model.name}, ${model.architecture}`],
    ['Parameters', model.parameters.toLocaleString('en-US')],
    ['File', megabytes(model.fileBytes)],
    ['Context', `${model.contextLength} tokens`],
    ['Engine', `${model.artifact}, one thread`],
    [fromCache ? 'Load, stored' : 'Load, new', `${(loadMs / 1000).toFixed(2)} s`],
    ['Between tokens', `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`],
    ['First request', `${rate(first.prefill)} and ${rate(first.decode)} tokens/s`],
    ['Later ones', `${rate(speed.prefill)} and ${rate(speed.decode)} tokens/s`],
    ['Device', `${cores} cores`],
    ['Browser', browser],
    ['Date', new Date(date).toLocaleString()],
  ];
  return html`<section class="panel">
    <h2>This run</h2>
    <dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  </section>`;
}
