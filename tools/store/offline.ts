import type { TestBrowser } from '../../tests/drivers/browser.ts';
import { BROWSERS, type Kind } from '../../tests/drivers/kinds.ts';
import { inBrowser } from '../../tests/drivers/lab.ts';
import { expectedAnswer } from '../../tests/support/engine.ts';
import { bundledModel } from '../../tests/support/paths.ts';
import { type Site, startSite } from '../../tests/support/serve.ts';
import { type Check, type Context, type Figure, seconds } from '../lib/report.ts';

const QUESTION = 'Set a timer for 10 minutes';

/** One visit without a question; the browser closed, the server killed, no way out; then the browser starts again. */
export const offline: Check = {
  title: 'with the server dead and the network off, a cold browser start to the first token',
  async run({ note }: Context): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const kind of BROWSERS) figures.push(...(await figuresOf(kind, note)));
    return figures;
  },
};

async function figuresOf(kind: Kind, note: Context['note']): Promise<Figure[]> {
  const missing = kind.missing();
  if (missing) return [figure(kind.name, false, '', missing, 'the browser is there')];
  const browser = await kind.start();
  const site = await startSite();
  try {
    await inBrowser(browser, async (page) => {
      await page.open(site.url);
      await page.untilOffline();
    });
    await site.kill();
    return await afterwards(browser, site, note);
  } finally {
    await site.kill();
    await browser.stop();
  }
}

/** The second visit. */
async function afterwards(
  browser: TestBrowser,
  site: Site,
  note: Context['note'],
): Promise<Figure[]> {
  const { name } = browser;
  const expected = await expectedAnswer(bundledModel, QUESTION);
  const answers = await fetch(site.url).then(
    () => true,
    () => false,
  );
  const start = performance.now();
  const { ready, ids } = await inBrowser(browser, async (page) => {
    await page.open(site.url);
    await page.untilOffline();
    const ready = performance.now() - start;
    return { ready, ids: await page.ask(QUESTION) };
  });
  const whole = performance.now() - start;
  const others = browser.foreignRequests();
  note(
    `${name}: ready ${seconds(ready)} after the start, closed with its answer ${seconds(whole)}`,
  );
  const same = ids.join() === expected.join();
  return [
    figure(`${name}: the server`, !answers, 'dead', 'it answers', 'dead'),
    figure(`${name}: tokens`, same, `${ids.length}, the same`, ids.join(), 'as in Node'),
    figure(`${name}: other hosts asked`, others.length === 0, 'none', others.join(), 'none'),
  ];
}

function figure(label: string, pass: boolean, good: string, bad: string, target: string): Figure {
  return { label, value: pass ? good : bad, target, pass };
}
