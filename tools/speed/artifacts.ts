import { bounded, type Check, type Figure } from '../lib/report.ts';
import { measureAll, type Speed, tableOf } from './speed.ts';

export const speed: Check = {
  title: 'tokens/s in Chromium for the three artifacts, warm, artifacts interleaved',
  async run({ full, note }) {
    const speeds = await measureAll(full ? 9 : 3);
    note(tableOf(speeds));
    const models = [...new Set(speeds.map(({ model }) => model))];
    return models.flatMap((model) => ratiosOf(model, speeds));
  },
};

function ratiosOf(model: string, speeds: readonly Speed[]): Figure[] {
  const of = (artifact: string) =>
    speeds.find((row) => row.model === model && row.artifact === artifact)!;
  return (['prefill', 'decode'] as const).map((phase) =>
    bounded(
      `${model}: ${phase}, simd128 over scalar`,
      of('simd128')[phase] / of('scalar')[phase],
      { min: 4 },
      (value) => `${value.toFixed(1)} ×`,
    ),
  );
}
