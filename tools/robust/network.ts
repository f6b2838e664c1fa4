import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import type { Window } from '../../tests/drivers/browser.ts';
import { PageWindow } from '../../tests/drivers/playwright.ts';
import { Firefox, missingParts } from '../../tests/firefox/browser.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import globalSetup from '../../tests/support/global-setup.ts';
import { ownNetwork } from '../../tests/support/link.ts';
import { root } from '../../tests/support/paths.ts';
import { siteHere } from '../../tests/support/serve.ts';
import { honest, startToldServer } from '../../tests/support/told-server.ts';
import { bounded, type Check, type Context, type Figure } from '../lib/report.ts';
import { FILE, interrupted, type Outcome, RATE } from './interrupted.ts';

/** How long the network is gone: short enough for a connection to survive it, longer than that, longer than a stall. */
const DOWN_MS = { brief: [3000, 25_000], full: [1000, 3000, 12_000, 25_000, 60_000] };
const MAX_SECONDS = 3;
/** Where the first answer stops, while a browser plays being offline. */
const STALL = 12_000_000;

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
  note('no network namespace may be made here: the browsers play being offline');
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

/** Each browser playing a device without a network. */
async function emulated(downs: readonly number[]): Promise<Line[]> {
  const browser = await chromium.launch(launchOptions);
  const context = await browser.newContext();
  const page = new PageWindow(await context.newPage());
  const lines = await playing('Chromium', page, (off) => context.setOffline(off), downs);
  await browser.close();
  const missing = missingParts();
  if (missing) return [...lines, { name: 'Firefox', downMs: 0, failure: missing }];
  const firefox = await Firefox.start();
  const window = await firefox.open();
  lines.push(...(await playing('Firefox', window, (off) => window.setOffline(off), downs)));
  await window.close();
  await firefox.stop();
  return lines;
}

async function playing(
  name: string,
  window: Window,
  setOffline: (offline: boolean) => Promise<void>,
  downs: readonly number[],
): Promise<Line[]> {
  const server = await startToldServer(siteHere());
  const file = readFileSync(FILE);
  const lines: Line[] = [];
  try {
    await window.open(`${server.url}/lab/`);
    for (const downMs of downs) {
      // A browser that plays being offline goes on with what it has begun: the server holds that up, and breaks it off.
      let begun: ServerResponse | undefined;
      const model = server.model('model.gguf', (asked, response) => {
        begun ??= response;
        return honest(asked, response, file, {
          headers: { etag: '"1"' },
          ...(asked.number === 0 ? { stall: STALL, rate: RATE } : {}),
        });
      });
      const network = {
        model: model.url,
        get starts() {
          return model.asked.map((range) => Number.parseInt(range, 10) || 0);
        },
        down: async () => {
          await setOffline(true);
          begun?.destroy();
        },
        up: () => setOffline(false),
      };
      lines.push({ name, downMs, ...(await interrupted(window, network, downMs)) });
    }
  } catch (error) {
    lines.push({ name, downMs: 0, failure: String(error) });
  } finally {
    await server.close();
  }
  return lines;
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
