// Charts as SVG text, for the page and for the results that `npm run bench` writes. Colours come from classes.
import { costAt, type Point } from './statistics.ts';

export interface LineChart {
  /** Read out instead of the drawing. */
  readonly label: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly Point[];
  /** Coefficients by power of the curve the points should follow. */
  readonly fit?: readonly number[];
  /** Whether x goes in doublings. */
  readonly doubling?: boolean;
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The value with its unit. */
  readonly text: string;
  /** One of the group that is looked at. */
  readonly own?: boolean;
}

const [WIDTH, HEIGHT] = [360, 230];
const PLOT = { left: 40, right: 14, top: 28, bottom: 36 } as const;

/** Points from zero up, joined, with the fitted curve behind them. Needs at least two points. */
export function lineChart({ label, x, y, points, fit, doubling = false }: LineChart): string {
  const xs = points.map(([at]) => at);
  const top = Math.max(...points.map(([, value]) => value));
  const ticks = ticksUpTo(top);
  const scale = doubling ? Math.log2 : (at: number) => at;
  const [first, last] = [scale(Math.min(...xs)), scale(Math.max(...xs))];
  const inner = { width: WIDTH - PLOT.left - PLOT.right, height: HEIGHT - PLOT.top - PLOT.bottom };
  const across = (at: number) =>
    PLOT.left + ((scale(at) - first) / (last - first || 1)) * inner.width;
  const up = (value: number) => PLOT.top + (1 - value / ticks.at(-1)!) * inner.height;
  const path = (line: readonly Point[]) =>
    line.map(([at, value]) => `${across(at).toFixed(1)},${up(value).toFixed(1)}`).join(' ');
  const curve = fit ? `<polyline class="fit" points="${path(curveOf(points, fit))}"/>` : '';
  const baseline = HEIGHT - PLOT.bottom;
  return svg(
    label,
    HEIGHT,
    ticks.map((tick) => gridLine(up(tick), tick)).join('') +
      xs.map((at) => text(across(at), baseline + 15, short(at), 'middle')).join('') +
      text(WIDTH - PLOT.right, HEIGHT - 4, x, 'end') +
      text(0, 11, y, 'start') +
      curve +
      `<polyline class="line" points="${path(points)}"/>` +
      points.map((point) => dot(across(point[0]), up(point[1]), point, x, y)).join(''),
  );
}

/** Horizontal bars from zero, each with its name above it. */
export function barChart(label: string, bars: readonly Bar[]): string {
  const max = Math.max(...bars.map(({ value }) => value)) || 1;
  const rows = bars.map(({ name, value, text: shown, own }, i) => {
    const top = i * 38;
    const length = Math.max(2, (value / max) * WIDTH);
    return (
      text(0, top + 12, name, 'start', 'name') +
      text(WIDTH, top + 12, shown, 'end', 'value') +
      `<rect class="${own ? 'bar own' : 'bar'}" x="0" y="${top + 18}" width="${length.toFixed(1)}" height="10" rx="5"/>`
    );
  });
  return svg(label, bars.length * 38, rows.join(''));
}

function svg(label: string, height: number, content: string): string {
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${content}</svg>`;
}

function gridLine(at: number, value: number): string {
  const y = at.toFixed(1);
  return (
    `<line class="grid" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${y}" y2="${y}"/>` +
    text(PLOT.left - 6, at + 4, short(value), 'end')
  );
}

function dot(cx: number, cy: number, [at, value]: Point, x: string, y: string): string {
  const title = `${at} ${x}: ${value.toPrecision(3)} ${y}`;
  return `<circle class="dot" cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3.5"><title>${escaped(title)}</title></circle>`;
}

function text(x: number, y: number, content: string, anchor: string, name = 'tick'): string {
  return `<text class="${name}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** The curve at forty places between the outer points. */
function curveOf(points: readonly Point[], fit: readonly number[]): Point[] {
  const xs = points.map(([at]) => at);
  const [from, to] = [Math.min(...xs), Math.max(...xs)];
  return Array.from({ length: 41 }, (_, i): Point => {
    const at = from * (to / from) ** (i / 40);
    return [at, costAt(fit, at)];
  });
}

/** Zero and up to five round numbers, the last not below `top`. */
export function ticksUpTo(top: number): number[] {
  const rough = top / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size * 4 >= top)!;
  const count = Math.ceil(top / step - 1e-9) || 1;
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

function short(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return String(Number(value.toPrecision(4)));
}

/** Text as it may stand in markup. */
export function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
