import { bytesSource, createTokenizer, PocketbitError, planModel, readGguf } from '@pocketbit/core';
import { type Contradiction, contradictions } from '../../tests/models/contradictions.ts';
import type { Check, Figure } from '../lib/report.ts';

export const refusals: Check = {
  title: 'contradictory files and types that are not run are refused with what was found',
  async run() {
    const figures: Figure[] = [];
    for (const file of contradictions()) figures.push(await figureOf(file));
    return figures;
  },
};

async function figureOf({ name, bytes, code, says }: Contradiction): Promise<Figure> {
  const found = await refusalOf(bytes);
  return {
    label: name,
    value: found ? `${found.code}: ${found.message}` : 'accepted',
    target: `${code}, saying ${says.source}`,
    pass: found?.code === code && says.test(found.message),
  };
}

async function refusalOf(bytes: Uint8Array): Promise<PocketbitError | undefined> {
  try {
    const header = await readGguf(bytesSource(bytes));
    planModel(header);
    createTokenizer(header);
    return undefined;
  } catch (error) {
    if (error instanceof PocketbitError) return error;
    throw error;
  }
}
