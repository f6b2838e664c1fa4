import { PocketbitError } from '@pocketbit/core';
import type { Hostile } from '../../tests/models/hostile.ts';
import { overflowingFile, unsoundFiles } from '../../tests/models/unsound.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { type EngineExports, forward, openEngine } from '../lib/engine.ts';
import type { Check, Figure } from '../lib/report.ts';

export const badInput: Check = {
  title:
    'shapes and numbers that no kernel may meet: a coded error that names tensor, shape and limit',
  async run() {
    const bound = await bindEngine('simd128');
    const figures: Figure[] = [];
    for (const file of [...unsoundFiles(), overflowingFile()]) {
      figures.push(figureOf(file, await failureOf(bound, file.bytes)));
    }
    return figures;
  },
};

/** The error of loading the file and asking it for one token; null where there is none. */
async function failureOf(bound: EngineExports, bytes: Uint8Array): Promise<PocketbitError | null> {
  try {
    forward(await openEngine(bound, bytes, {}), [1]);
    return null;
  } catch (error) {
    return PocketbitError.from(error);
  }
}

function figureOf({ name, code, says }: Hostile, failure: PocketbitError | null): Figure {
  return {
    label: name,
    value: failure ? `${failure.code}: ${failure.message}` : 'taken',
    target: `${code}, naming it`,
    pass: failure?.code === code && says.test(failure.message),
  };
}
