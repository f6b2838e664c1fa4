import { BROWSERS, type Kind } from '../../tests/drivers/kinds.ts';
import { type Probed, probed } from '../../tests/support/assumptions.ts';
import type { Check, Context, Figure } from '../lib/report.ts';

/** What each engine does where the code relies on it, as a table; a difference from what is expected falls short. */
export const assumptions: Check = {
  title: 'every platform assumption, probed in Chromium, Firefox and WebKit',
  async run({ note }: Context): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const kind of BROWSERS) figures.push(...(await figuresOf(kind, note)));
    return figures;
  },
};

async function figuresOf(kind: Kind, note: Context['note']): Promise<Figure[]> {
  const missing = kind.missing();
  if (missing) {
    note(`${kind.name} is not here: ${missing}`);
    return [];
  }
  const browser = await kind.start();
  try {
    return (await probed(browser)).map((one) => figure(browser.name, one));
  } finally {
    await browser.stop();
  }
}

function figure(browser: string, { assumption, found, expected, pass }: Probed): Figure {
  const label = `${browser}: ${assumption.assumed}`;
  return { label, value: JSON.stringify(found), target: JSON.stringify(expected), pass };
}
