// Pocketbit in the browsers that Playwright does not drive.

import type { TestBrowser } from '../../tests/drivers/browser.ts';
import { inLab, type Run } from '../../tests/drivers/lab.ts';
import { Firefox, missingParts as missingFirefox } from '../../tests/firefox/browser.ts';
import { missingParts as missingWebKit, WebKit } from '../../tests/webkit/browser.ts';
import { type Solo, type SoloOptions, soloOf } from './alone.ts';
import type { Caller } from './chromium.ts';

interface Kind {
  readonly name: string;
  /** Why it cannot run here; null where it can. */
  missing(): string | null;
  start(): Promise<TestBrowser>;
}

const KINDS: readonly Kind[] = [
  { name: 'Firefox ESR', missing: missingFirefox, start: () => Firefox.start() },
  { name: 'WebKitGTK', missing: missingWebKit, start: () => WebKit.start() },
];

/** Every model in every browser that is here; `note` hears of those that are not. */
export async function soloElsewhere(
  models: readonly string[],
  options: SoloOptions,
  note: (text: string) => void,
): Promise<Solo[]> {
  const found: Solo[] = [];
  for (const kind of KINDS) {
    const missing = kind.missing();
    if (missing) note(`${kind.name} is left out: ${missing}`);
    else found.push(...(await soloIn(kind, models, options)));
  }
  return found;
}

async function soloIn(
  kind: Kind,
  models: readonly string[],
  options: SoloOptions,
): Promise<Solo[]> {
  const browser = await kind.start();
  try {
    return await inLab(browser, async (run) => {
      const solos: Solo[] = [];
      for (const model of models) {
        const solo = await soloOf(callerOf(run), model, options);
        solos.push({ ...solo, browser: kind.name, peakBytes: null });
      }
      return solos;
    });
  } finally {
    await browser.stop();
  }
}

function callerOf(run: Run): Caller {
  return (method, ...input) =>
    run(async (lab, [asked, given]) => Reflect.apply(lab.contender[asked], lab.contender, given), [
      method,
      input,
    ] as const) as never;
}
