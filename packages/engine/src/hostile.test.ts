import { readFileSync } from 'node:fs';
import { bytesSource, type ModelConfig, planModel, readGguf } from '@pocketbit/core';
import { describe, expect, test } from 'vitest';
import { bindEngine } from '../../../tests/support/engine.ts';
import { engineOf } from '../../../tools/lib/engine.ts';
import { TINY } from '../test/text-model.ts';
import type { Engine, SamplerSettings } from './exports.ts';
import { choosePicks, forcedPicks } from './kernels.ts';
import { samplerSettings } from './options.ts';
import { logitsAfter } from './trace.ts';

const exports = await bindEngine('simd128');
const source = bytesSource(readFileSync(TINY));
const plan = planModel(await readGguf(source));
const open = () => engineOf(exports, plan, source);
const IDS = [1, 2, 3];
const LOGITS = logitsAfter(await open(), IDS);

const fail = () => {
  throw new TypeError('a getter that throws');
};
/** The record with each of its fields, one at a time, as a getter that throws. */
const trapped = (record: object) =>
  Object.keys(record).map((name) => Object.defineProperty({ ...record }, name, { get: fail }));
const throwing = () => new Proxy({}, { get: fail, has: fail, ownKeys: fail });
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const VALUES = [null, undefined, 0, Number.NaN, 1n, true, 'text', Symbol('s'), fail, [], {}];

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'nothing was refused';
}

/** The engine still computes what it should, and so does another of its instance. */
async function expectSound(engine: Engine): Promise<void> {
  expect(logitsAfter(engine, IDS)).toEqual(LOGITS);
  engine.setSampler(samplerSettings());
  expect(engine.sample()).toBe(LOGITS.indexOf(Math.max(...LOGITS)));
  const another = await open();
  expect(logitsAfter(another, IDS)).toEqual(LOGITS);
  another.free();
}

describe('a config by hand', () => {
  test('of any type is refused with a code, and the instance goes on', async () => {
    const engine = await open();
    const configs = [...VALUES, throwing(), revoked(), ...trapped(plan.config)];
    for (const config of configs as ModelConfig[]) {
      expect(refusal(() => new exports.Engine(config))).toBe('bad-model');
      expect(refusal(() => exports.memoryPlan(config, []))).toBe('bad-model');
    }
    await expectSound(engine);
  });

  test('with a field of any type is refused or taken, and the instance goes on', async () => {
    const engine = await open();
    for (const name of Object.keys(plan.config)) {
      for (const value of VALUES) {
        const config = { ...plan.config, [name]: value } as ModelConfig;
        try {
          exports.memoryPlan(config, plan.tensors);
        } catch (error) {
          expect(error, `${name} ${String(value)}`).toMatchObject({ code: 'bad-model' });
        }
      }
    }
    await expectSound(engine);
  });
});

describe('sampler settings by hand', () => {
  test('that are no record are refused with a code, and the engine goes on', async () => {
    const engine = await open();
    const strange = VALUES.filter((value) => typeof value !== 'object' || value === null);
    for (const settings of strange as unknown as SamplerSettings[]) {
      expect(refusal(() => engine.setSampler(settings))).toBe('unsupported');
    }
    await expectSound(engine);
  });

  test('that throw or ask the engine meanwhile leave it usable', async () => {
    const engine = await open();
    const asking = {
      get seed() {
        return engine.sample();
      },
    } as SamplerSettings;
    const strange = [asking, throwing(), revoked(), [], {}, ...trapped(samplerSettings())];
    for (const settings of strange as SamplerSettings[]) {
      engine.setSampler(settings);
      expect(engine.samplerState()).toHaveLength(2);
    }
    await expectSound(engine);
  });

  test('a thousand times leave the stack where it was', async () => {
    const engine = await open();
    for (let i = 0; i < 1000; i++) engine.setSampler(throwing() as SamplerSettings);
    for (let i = 0; i < 1000; i++) refusal(() => exports.memoryPlan(throwing() as ModelConfig, []));
    await expectSound(engine);
  });
});

test('kernels that are no text are refused with a code, and the engine goes on', async () => {
  const engine = new exports.Engine(plan.config);
  for (const gemv of [5, true, {}, []] as never[]) {
    const picks = forcedPicks({ ternary: { gemv } }, exports.kernelNames);
    expect(refusal(() => choosePicks(engine, picks))).toBe('unsupported');
  }
  engine.free();
  await expectSound(await open());
});

test('arguments of any type leave a loading engine and a loaded one usable', async () => {
  const engine = await open();
  const strange = VALUES as never[];
  for (const value of strange) {
    const loading = new exports.Engine(plan.config);
    for (const call of [
      () => loading.reserve(value),
      () => loading.beginTensor('output_norm.weight', value, value, value),
      () => loading.push(value),
      () => loading.endTensor(),
      () => loading.finish(),
      () => engine.forward(value),
      () => engine.begin(value),
      () => engine.advance(value),
      () => engine.truncate(value),
      () => engine.restoreContext(value),
      () => engine.restoreSampler(value, value),
    ]) {
      expect(refusal(call)).not.toBeInstanceOf(WebAssembly.RuntimeError);
    }
    loading.free();
  }
  await expectSound(engine);
});
