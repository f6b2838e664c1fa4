import { bytesSource, createChat, createTokenizer, readGguf } from '@pocketbit/core';
import { type FamilyModel, familyFile } from '../../tests/models/families.ts';
import { SAME_WEIGHTS } from '../../tests/models/published.ts';
import { ggufParts } from '../../tests/models/random.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { logitsOf, openEngine, sha256 } from '../lib/engine.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

const SEEDS = [1, 2, 3];
/** F16 and Q8_0 become int8 rows, whose scales differ in the last bit; that can tip an activation by one of 127 steps. */
const FLOAT_RMS = 0.01;
const TERNARY = ['I2_S', 'TQ1_0', 'TQ2_0'];

export const encodings: Check = {
  title: `the same ternary weights as ${SAME_WEIGHTS.map(({ linear }) => linear).join(', ')}`,
  async run() {
    const figures: Figure[] = [];
    for (const seed of SEEDS) figures.push(...(await compare(seed)));
    return figures;
  },
};

async function compare(seed: number): Promise<Figure[]> {
  const rows = new Map<string, Float32Array>();
  for (const model of SAME_WEIGHTS) rows.set(model.linear, await logitsOfModel(model, seed));
  const hashes = await Promise.all(TERNARY.map((name) => sha256(rows.get(name)!)));
  const furthest = Math.max(...[...rows.values()].map((row) => rms(row, rows.get('TQ2_0')!)));
  return [
    {
      label: `seed ${seed}, ${TERNARY.join(', ')}`,
      value: `${new Set(hashes).size} distinct hash, ${hashes[0]!.slice(0, 12)}…`,
      target: '1',
      pass: new Set(hashes).size === 1,
    },
    bounded(
      `seed ${seed}, all five, logits rms apart`,
      furthest,
      { max: FLOAT_RMS },
      (value) => `${value}`,
    ),
  ];
}

/** Logits behind every id of a chat prompt, one after the other. */
async function logitsOfModel(model: FamilyModel, seed: number): Promise<Float32Array> {
  const file = new Uint8Array(Buffer.concat([...ggufParts(familyFile(model, seed))]));
  const header = await readGguf(bytesSource(file));
  const chat = createChat(header, createTokenizer(header));
  const engine = await openEngine(await bindEngine('simd128'), file);
  const logits = logitsOf(engine, chat.encode([{ role: 'user', content: 'hello there' }]));
  engine.free();
  return logits;
}

function rms(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / a.length);
}
