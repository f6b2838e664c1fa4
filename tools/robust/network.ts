import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import { PageWindow } from '../../tests/drivers/playwright.ts';
import { missingParts } from '../../tests/firefox/browser.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import { startCountingSite } from '../../tests/support/counting-site.ts';
import globalSetup from '../../tests/support/global-setup.ts';
import { ownNetwork } from '../../tests/support/link.ts';
import { root } from '../../tests/support/paths.ts';
import { bounded, type Check, type Context, type Figure } from '../lib/report.ts';
import { interrupted, type Outcome } from './interrupted.ts';

/** How long the network is gone: short enough for a connection to survive it, longer than that, longer than a stall. */
const DOWN_MS = { brief: [3000, 25_000], full: [1000, 3000, 12_000, 25_000, 60_000] };
const MAX_SECONDS = 3;

/** An outcome, or why there is none. */
type Line = { name: string; downMs: number } & (Outcome | { failure: string });

/** A download goes on by itself once its network is back. */
export const network: Check = {
  title: 'a network taken away in the middle of a download: from its return to the next byte',
  async run({ full, note }: Context): Promise<Figure[]> {
    await globalSetup();
    const downs = full ? DOWN_MS.full : DOWN_MS.brief;
    const lines = await linesOf(downs, note);
    return lines.flatMap(figuresOf);
  },
};

function linesOf(downs: readonly number[], note: Context['note']): Promise<Line[]> {
  const namespace = ownNetwork();
  if (namespace) {
    note('a real interface, in a network namespace of its own: taken down and up');
    return inNamespace(namespace, downs);
  }
  note('no network namespace may be made here, so the browser plays being offline');
  return emulated(downs);
}

/** Each browser in a namespace, with a link to the server that is taken down and up. */
async function inNamespace(
  [command, ...args]: string[],
  downs: readonly number[],
): Promise<Line[]> {
  const script = join(root, 'tools/robust/network-inside.ts');
  const node = [process.execPath, '--conditions=pocketbit-source', '--import', 'tsx', script];
  const { stdout } = await promisify(execFile)(command!, [...args, ...node, ...downs.map(String)], {
    cwd: root,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Chromium alone: WebDriver BiDi has no such command in every Firefox. */
async function emulated(downs: readonly number[]): Promise<Line[]> {
  const site = await startCountingSite(Number.POSITIVE_INFINITY);
  const browser = await chromium.launch(launchOptions);
  try {
    const context = await browser.newContext();
    const window = new PageWindow(await context.newPage());
    const link = {
      url: `${site.url}files/`,
      starts: site.starts,
      down: () => context.setOffline(true),
      up: () => context.setOffline(false),
    };
    await window.open(`${site.url}lab/`);
    const lines: Line[] = [];
    for (const downMs of downs) {
      lines.push({ name: 'Chromium', downMs, ...(await interrupted(window, link, downMs)) });
    }
    const missing = missingParts() ?? 'it has no command for being offline';
    return [...lines, { name: 'Firefox', downMs: 0, failure: missing }];
  } finally {
    await browser.close();
    await site.kill();
  }
}

function figuresOf(line: Line): Figure[] {
  const label = `${line.name}, gone for ${line.downMs / 1000} s`;
  if ('failure' in line) {
    return [{ label: line.name, value: line.failure, target: 'it downloads', pass: false }];
  }
  const { secondsToByte, arrived, starts, whole } = line;
  const [first, ...later] = starts;
  return [
    bounded(
      `${label}: to the next byte`,
      secondsToByte,
      { max: MAX_SECONDS },
      (s) => `${s.toFixed(1)} s`,
    ),
    {
      label: `${label}: requests from byte`,
      value: starts.join(', '),
      target: `0, then none before ${arrived}, which had arrived`,
      pass: first === 0 && later.every((start) => start >= arrived),
    },
    {
      label: `${label}: the file that is stored`,
      value: whole ? 'the one that was served' : 'another',
      target: 'the one that was served',
      pass: whole,
    },
  ];
}
