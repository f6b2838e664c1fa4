// The engine where memory ends: at every size of it each call answers or says so with a code, and none traps.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type * as Glue from '../../packages/web/wasm/glue.js';
import { wasmFolder } from '../../scripts/lib/artifacts.mjs';
import { limited, pagesOf } from './limited.ts';

const MODULE = new Uint8Array(readFileSync(join(wasmFolder, 'scalar.wasm')));
const VOCAB = 50_000;
const CONTEXT = 20_000;
/** Pages over those at the start. The first are for what is small: an engine must be able to say why. */
const FIRST = 3;
const STEP = 5;
const MOST = 140;

const config = {
  activation: 'silu',
  kv: 'int8',
  head: 'int8',
  ropePairing: 'neox',
  ropeScaling: { kind: 'none' },
  scales: { embedding: 1, residual: 1, logit: 1 },
  ...{ activationBits: 8, ropeBase: 1e4, rmsEps: 1e-5, tied: true, subNorms: true, qkNorm: false },
  ...{ attentionScale: 0, vocab: VOCAB, dim: 16, layers: 1, heads: 1, kvHeads: 1, headDim: 16 },
  ...{ ffn: 16, context: CONTEXT, ropeDims: 16 },
};

const NORMS = ['attn_norm', 'attn_sub_norm', 'ffn_norm', 'ffn_sub_norm'];
const LINEARS = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];
const tensors: [name: string, rows: number][] = [
  ['token_embd.weight', VOCAB],
  ['output_norm.weight', 1],
  ...NORMS.map((name): [string, number] => [`blk.0.${name}.weight`, 1]),
  ...LINEARS.map((name): [string, number] => [`blk.0.${name}.weight`, 16]),
];

/** What every call of a journey came to: its name and `ok`, or the code. */
async function journey(pages: number): Promise<string[]> {
  const address = `${pathToFileURL(join(wasmFolder, 'glue.js')).href}?limited${pages}`;
  const glue: typeof Glue = await import(/* @vite-ignore */ address);
  glue.initSync({ module: new WebAssembly.Module(limited(MODULE, pages) as BufferSource) });
  const came: string[] = [];
  const attempt = <T>(name: string, call: () => T): T | undefined => {
    try {
      const value = call();
      came.push(`${name} ok`);
      return value;
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      came.push(`${name} ${code}`);
      return undefined;
    }
  };
  const engine = attempt('new', () => new glue.Engine(config));
  if (!engine) return came;
  for (const [name, rows] of tensors) load(engine, name, rows, attempt);
  attempt('finish', () => engine.finish());
  if (engine.residentBytes > 0) use(engine, attempt);
  return came;
}

type Attempt = <T>(name: string, call: () => T) => T | undefined;

function load(engine: Glue.Engine, name: string, rows: number, attempt: Attempt): void {
  const bytes = new Uint8Array(new Float32Array(rows * 16).fill(0.5).buffer);
  attempt('beginTensor', () => engine.beginTensor(name, 0, rows, 16));
  for (let at = 0; at < bytes.length; at += 1 << 20)
    attempt('push', () => engine.push(bytes.subarray(at, at + (1 << 20))));
  attempt('endTensor', () => engine.endTensor());
}

function use(engine: Glue.Engine, attempt: Attempt): void {
  const warm = { seed: 1, temperature: 1, topK: 0, topP: 0.9, minP: 0, repeatPenalty: 1.3 };
  attempt('forward', () => engine.forward(Uint32Array.from({ length: 200 }, (_, i) => i)));
  attempt('begin', () => engine.begin(new Uint32Array(CONTEXT - 300)));
  attempt('truncate', () => engine.truncate(200));
  attempt('logits', () => engine.logits());
  attempt('setSampler', () => engine.setSampler({ ...warm, repeatLast: 64 }));
  attempt('sample', () => engine.sample());
  const saved = attempt('saveContext', () => engine.saveContext());
  attempt('restoreContext', () => engine.restoreContext(saved ?? new Uint8Array(9)));
  attempt('a session of 40 MB', () => engine.restoreContext(new Uint8Array(40e6)));
  attempt('ids', () => engine.ids());
  attempt(
    'a name of 30 MB',
    () => engine.profile() && engine.setSampler({ seed: 'x'.repeat(3e7) }),
  );
  attempt('last', () => engine.forward(Uint32Array.of(1)));
}

const EXPECTED = / (ok|out-of-memory|bad-model|busy|integrity|unsupported)$/;

test('a call without room is out-of-memory, wherever memory ends, and the engine goes on', async () => {
  const first = pagesOf(MODULE);
  const counts = new Map<string, number>();
  for (let more = FIRST; more <= MOST; more += STEP) {
    const came = await journey(first + more);
    expect(
      came.filter((one) => !EXPECTED.test(one)),
      `${more} pages`,
    ).toEqual([]);
    for (const one of came) counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  // Memory ended before, between and after the calls.
  const wanted = ['beginTensor', 'push', 'sample'].map((name) => `${name} out-of-memory`);
  for (const one of [...wanted, 'sample ok', 'last ok'])
    expect(counts.get(one), one).toBeGreaterThan(0);
  expect(counts.get('a session of 40 MB integrity')).toBe(counts.get('last ok'));
}, 120_000);
