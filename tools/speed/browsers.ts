// Pocketbit in the other browsers.

import { FIREFOX, type Kind, WEBKIT } from '../../tests/drivers/kinds.ts';
import { inLabOf, type Run } from '../../tests/drivers/lab.ts';
import { type Solo, type SoloOptions, soloOf } from './alone.ts';
import type { Caller } from './chromium.ts';

/** Every model in every browser that is here; `note` hears of those that are not. */
export async function soloElsewhere(
  models: readonly string[],
  options: SoloOptions,
  note: (text: string) => void,
): Promise<Solo[]> {
  const found: Solo[] = [];
  for (const kind of [FIREFOX, WEBKIT]) {
    const missing = kind.missing();
    if (missing) note(`${kind.name} is left out: ${missing}`);
    else found.push(...(await soloIn(kind, models, options)));
  }
  return found;
}

function soloIn(kind: Kind, models: readonly string[], options: SoloOptions): Promise<Solo[]> {
  return inLabOf(kind, async (run) => {
    const solos: Solo[] = [];
    for (const model of models) {
      const solo = await soloOf(callerOf(run), model, options);
      solos.push({ ...solo, browser: kind.name, peakBytes: null });
    }
    return solos;
  });
}

function callerOf(run: Run): Caller {
  return (method, ...input) =>
    run(async (lab, [asked, given]) => Reflect.apply(lab.contender[asked], lab.contender, given), [
      method,
      input,
    ] as const) as never;
}
