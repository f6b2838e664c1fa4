import { open } from 'node:fs/promises';
import { type ByteSource, planModel, readGguf } from '@pocketbit/core';
import { sizePlan } from '@pocketbit/engine';
import type { FamilyModel } from '../../tests/models/families.ts';
import { hollowFamily } from '../../tests/models/files.ts';
import { PUBLISHED } from '../../tests/models/published.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { engineOf } from '../lib/engine.ts';
import type { Check, Context, Figure } from '../lib/report.ts';

const TOLERANCE = 0.02;

export const headers: Check = {
  title: 'the full header of each published model, and its resident bytes foretold',
  async run(context) {
    const figures: Figure[] = [];
    for (const model of Object.values(PUBLISHED)) figures.push(await figureOf(model, context));
    return figures;
  },
};

/** Plans from the header, then loads weights of zeros into the engine to hear what it holds. */
async function figureOf(model: FamilyModel, { note }: Context): Promise<Figure> {
  return withFile(hollowFamily(model), async (source) => {
    const header = await readGguf(source);
    const exports = await bindEngine('simd128');
    const plan = sizePlan(exports, planModel(header));
    const engine = await engineOf(exports, plan, source);
    const { residentBytes } = engine;
    engine.free();
    const off = plan.residentBytes / residentBytes - 1;
    note(
      `${model.name}: ${plan.architecture}, ${plan.parameters.toLocaleString('en')} weights in ` +
        `${header.tensors.length} tensors, file ${source.size.toLocaleString('en')} bytes, ` +
        `tokenizer ${megabytes(plan.tokenizerBytes)} beside the engine`,
    );
    return {
      label: model.name,
      value: `foretold ${megabytes(plan.residentBytes)}, held ${megabytes(residentBytes)}, ${(off * 100).toFixed(3)} % off`,
      target: `${TOLERANCE * 100} %`,
      pass: Math.abs(off) <= TOLERANCE,
    };
  });
}

async function withFile<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = await open(path);
  const { size } = await file.stat();
  const read = async (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    await file.read(bytes, 0, length, offset);
    return bytes;
  };
  try {
    return await use({ size, read });
  } finally {
    await file.close();
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
