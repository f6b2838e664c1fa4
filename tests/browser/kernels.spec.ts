// Which kernels a load takes: timed once and kept, forced, or the artifact's own, and what the page learns of it.
import { expect, test } from './fixtures.ts';

const MODEL = '../models/pocketbit-actions.gguf';

test('kernels are timed once, and the profile names every matrix', async ({ lab }) => {
  const [first, second] = await lab.evaluate(async (url) => {
    const profiles = [];
    for (let i = 0; i < 2; i++) {
      const model = await window.lab.pocketbit.load(url);
      const deadline = performance.now() + 20_000;
      // A small model's kernels are timed after its load, while it has nothing else to do.
      let profile: Awaited<ReturnType<typeof model.profile>>;
      do {
        await new Promise((resolve) => setTimeout(resolve, 2000));
        profile = await model.profile();
      } while (profile.timings.length < 4 && performance.now() < deadline);
      profiles.push(profile);
      await model.close();
    }
    return profiles;
  }, MODEL);
  // Where the download took a while, the commonest kernels were timed meanwhile.
  expect(['default', 'timings']).toContain(first!.by);
  expect(first!.timings.length).toBeGreaterThan(2);
  for (const { gmacs, gbs } of first!.timings) {
    expect(gmacs).toBeGreaterThan(0.01);
    expect(gbs).toBeGreaterThan(0);
  }
  expect(second!.by).toBe('timings');
  for (const known of first!.timings) {
    const { family, size, tokens, kernel, gmacs, loads } = known;
    const kept = second!.timings.find(
      (timing) =>
        timing.family === family &&
        timing.size === size &&
        timing.tokens === tokens &&
        timing.kernel === kernel,
    );
    expect(kept?.gmacs).toBeGreaterThanOrEqual(gmacs);
    expect(kept?.loads).toBeGreaterThanOrEqual(loads);
  }
  const families = new Set(second!.tensors.map(({ family }) => family));
  expect([...families].sort()).toEqual(['int8', 'ternary']);
  expect(second!.tensors.filter(({ family }) => family === 'ternary').length % 7).toBe(0);
});

test('forced kernels serve, and one that does not exist is refused by name', async ({ lab }) => {
  const [profile, failures] = await lab.evaluate(async (url) => {
    const { load } = window.lab.pocketbit;
    const kernels = { ternary: { gemv: 'widening', gemm: 'rows' } };
    const model = await load(url, { kernels });
    const forced = await model.profile();
    await model.close();
    const unknown = [{ ternary: { gemv: 'abacus' } }, { trinary: { gemv: 'lookup' } }];
    const found = [];
    for (const wrong of unknown) {
      found.push(await window.lab.failure(() => load(url, { kernels: wrong })));
    }
    return [forced, found] as const;
  }, MODEL);
  expect(profile.by).toBe('forced');
  expect(profile.timings).toEqual([]);
  const ternary = profile.tensors.filter(({ family }) => family === 'ternary');
  for (const tensor of ternary) expect(tensor).toMatchObject({ gemv: 'widening', gemm: 'rows' });
  expect(failures[0]).toMatchObject({ code: 'unsupported' });
  expect(failures[0]!.message).toContain('abacus');
  expect(failures[1]!.message).toContain('trinary');
});

test('`default` takes the order of the artifact and times nothing', async ({ lab }) => {
  const profile = await lab.evaluate(async (url) => {
    const model = await window.lab.pocketbit.load(url, { kernels: 'default' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return model.profile();
  }, MODEL);
  expect(profile).toMatchObject({ by: 'default', timings: [] });
});
