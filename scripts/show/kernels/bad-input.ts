import {
  bytesSource,
  encodeConfig,
  loadTensors,
  PocketbitError,
  planModel,
  readGguf,
} from '@pocketbit/core';
import type { Hostile } from '../../../tests/models/hostile.ts';
import { overflowingFile, unsoundFiles } from '../../../tests/models/unsound.ts';
import { bindEngine } from '../../../tests/support/engine.ts';
import type { Check, Figure } from '../report.ts';

export const badInput: Check = {
  title:
    'shapes and numbers that no kernel may meet: a coded error that names tensor, shape and limit',
  async run() {
    const { Engine } = await bindEngine('simd128');
    const figures: Figure[] = [];
    for (const file of [...unsoundFiles(), overflowingFile()]) {
      figures.push(figureOf(file, await failureOf(Engine, file.bytes)));
    }
    return figures;
  },
};

/** The error of loading the file and asking it for one token; null where there is none. */
async function failureOf(
  Engine: Awaited<ReturnType<typeof bindEngine>>['Engine'],
  bytes: Uint8Array,
): Promise<PocketbitError | null> {
  try {
    const source = bytesSource(bytes);
    const plan = planModel(await readGguf(source));
    const engine = new Engine(encodeConfig(plan.config));
    await loadTensors(plan, source, engine);
    engine.forward(Uint32Array.of(1));
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
