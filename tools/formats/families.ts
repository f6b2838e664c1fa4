import { bytesSource, createChat, createTokenizer, planModel, readGguf } from '@pocketbit/core';
import { type FamilyModel, familyFile } from '../../tests/models/families.ts';
import { SMALL_MODELS } from '../../tests/models/published.ts';
import { ggufParts } from '../../tests/models/random.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { type Artifact, logitsOf, openEngine, sha256 } from '../lib/engine.ts';
import type { Check, Figure } from '../lib/report.ts';

const ARTIFACTS: readonly Artifact[] = ['scalar', 'simd128'];

export const families: Check = {
  title: 'a small file of each family and encoding loads, and both artifacts agree to the bit',
  async run() {
    const figures: Figure[] = [];
    for (const model of SMALL_MODELS) figures.push(await figureOf(model));
    return figures;
  },
};

async function figureOf(model: FamilyModel): Promise<Figure> {
  const file = new Uint8Array(Buffer.concat([...ggufParts(familyFile(model, 1))]));
  const header = await readGguf(bytesSource(file));
  const { config } = planModel(header);
  const chat = createChat(header, createTokenizer(header));
  const ids = chat.encode([{ role: 'user', content: 'hello there' }]);
  const hashes = new Set<string>();
  for (const artifact of ARTIFACTS) {
    const engine = await openEngine(await bindEngine(artifact), file);
    hashes.add(await sha256(logitsOf(engine, ids)));
    engine.free();
  }
  const { ropePairing, ropeScaling, tied, heads, kvHeads } = config;
  return {
    label: `${model.name}: ${model.linear}, RoPE ${ropePairing} ${ropeScaling.kind}, ${heads}/${kvHeads} heads, ${tied ? 'tied' : 'own head'}`,
    value: `${hashes.size} distinct hash over ${ids.length} positions`,
    target: '1',
    pass: hashes.size === 1,
  };
}
