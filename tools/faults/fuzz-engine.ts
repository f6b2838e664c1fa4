// The engine's whole surface in wasm, called in seeded disorder: each call answers or refuses with a code, none traps.
import {
  type ModelConfig,
  type ModelPlan,
  PocketbitError,
  planModel,
  readGguf,
} from '@pocketbit/core';
import type { SamplerSettings } from '@pocketbit/engine';
import { originals } from '../../packages/core/test/fuzz/originals.ts';
import { VirtualFile } from '../../packages/core/test/fuzz/virtual-file.ts';
import { randomOf } from '../../packages/core/test/random.ts';
import type { Engine, EngineExports } from '../lib/engine.ts';

export interface EngineReport {
  /** Engines made, and those of them that were loaded whole. */
  readonly engines: number;
  readonly whole: number;
  readonly calls: number;
  readonly refused: number;
  /** Contexts that were taken back, edited or not. */
  readonly restored: number;
  readonly failures: readonly string[];
}

type Random = (below: number) => number;
type EngineType = EngineExports['Engine'];
type Counts = { -readonly [K in Exclude<keyof EngineReport, 'failures'>]: number };

const MAX_FAILURES = 5;
const pick = <T>(among: readonly T[], random: Random): T => among[random(among.length)]!;

/** An engine for each seed from `first` on. */
export async function runEngines(
  Engine: EngineType,
  first: number,
  cases: number,
  before: (seed: number) => void,
): Promise<EngineReport> {
  const plans: ModelPlan[] = [];
  for (const { header, fileSize } of originals()) {
    plans.push(planModel(await readGguf(new VirtualFile(header, fileSize))));
  }
  const counts: Counts = { engines: 0, whole: 0, calls: 0, refused: 0, restored: 0 };
  const failures: string[] = [];
  for (let seed = first; seed < first + cases && failures.length < MAX_FAILURES; seed++) {
    before(seed);
    try {
      new Run(Engine, randomOf(Math.imul(seed, 0x85eb_ca6b)), counts).all(plans);
    } catch (error) {
      failures.push(`engine seed ${seed}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { ...counts, failures };
}

const ODD = [0, -0, -1, 0.5, 3, 17, 255, 65_536, 65_537, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 53, 1e300];
const ODDER = [...ODD, -1e300, 5e-324, 1e-60, Number.NaN, Infinity, -Infinity];
const MAX_CONTEXT = 64;

const NAMES = [
  '',
  'blk',
  'blk.0.attn_q.weight',
  'blk.9999999999.attn_q.weight',
  'output.weight',
  'a.b.c.d.e',
];
const FAMILIES = ['ternary', 'binary', 'other', ''];

function sampler(value: () => number): SamplerSettings {
  const names = ['seed', 'temperature', 'topK', 'topP', 'minP', 'repeatPenalty', 'repeatLast'];
  return Object.fromEntries(names.map((name) => [name, value()])) as unknown as SamplerSettings;
}

class Run {
  readonly #Engine: EngineType;
  readonly #random: Random;
  readonly #counts: Counts;

  constructor(Engine: EngineType, random: Random, counts: Counts) {
    this.#Engine = Engine;
    this.#random = random;
    this.#counts = counts;
  }

  all(plans: readonly ModelPlan[]): void {
    const plan = pick(plans, this.#random);
    const engine = this.#try(() => new this.#Engine(this.#config(plan)));
    if (!engine) return;
    this.#counts.engines++;
    try {
      this.#try(() => engine.reserve(pick([0, 1, 2 ** 20, 2 ** 31, 2 ** 32 - 1], this.#random)));
      this.#load(engine, plan);
      for (let left = 4 + this.#random(8); left > 0; left--) this.#use(engine, plan);
    } finally {
      engine.free();
    }
  }

  /** A call; undefined where it was refused with a code. */
  #try<T>(call: () => T): T | undefined {
    this.#counts.calls++;
    try {
      return call();
    } catch (error) {
      const { code, message } = PocketbitError.from(error);
      if (code === 'worker-crashed' || message.length < 10) throw error;
      this.#counts.refused++;
      return undefined;
    }
  }

  #oneIn(n: number): boolean {
    return this.#random(n) === 0;
  }

  /** A config that fits, or one of which some fields are any number, any word or gone. */
  #config({ config }: ModelPlan): ModelConfig {
    const kv = pick(['f32', 'int8', 'int4'] as const, this.#random);
    const context = 1 + this.#random(MAX_CONTEXT);
    const fields: Record<string, unknown> = structuredClone({ ...config, kv, context });
    if (this.#oneIn(2)) return fields as unknown as ModelConfig;
    for (let left = 1 + this.#random(3); left > 0; left--) {
      const inner = pick([fields, fields, fields.scales, fields.ropeScaling], this.#random);
      const record = (typeof inner === 'object' && inner ? inner : fields) as typeof fields;
      const name = pick(Object.keys(record), this.#random);
      const value = record[name];
      const grown = typeof value === 'number' ? value * (1 + this.#random(4)) : value;
      record[name] = this.#oneIn(2)
        ? grown
        : pick([...ODDER, 'silu', '', null, {}, 7n], this.#random);
      if (this.#oneIn(20)) delete record[name];
    }
    return fields as unknown as ModelConfig;
  }

  #load(engine: Engine, plan: ModelPlan): void {
    const disorder = this.#oneIn(3);
    for (const planned of plan.tensors) {
      const tensor = disorder && this.#oneIn(8) ? pick(plan.tensors, this.#random) : planned;
      const args = [tensor.name, tensor.type, tensor.rows, tensor.k] as const;
      const wrong = args.map((n) => (this.#oneIn(3) ? n : this.#other(n)));
      const odd = disorder && this.#oneIn(20);
      this.#try(() => engine.beginTensor(...((odd ? wrong : args) as typeof args)));
      this.#push(engine, contentOf(tensor, this.#random, disorder && this.#oneIn(20)));
      if (!disorder || !this.#oneIn(40)) this.#try(() => engine.endTensor());
    }
    this.#try(() => engine.finish());
    if (engine.residentBytes > 0) this.#counts.whole++;
  }

  #other(value: string | number): string | number {
    return typeof value === 'number' ? pick(ODD, this.#random) : pick(NAMES, this.#random);
  }

  #push(engine: Engine, bytes: Uint8Array): void {
    const cut = this.#random(bytes.length + 1);
    this.#try(() => engine.push(bytes.subarray(0, cut)));
    this.#try(() => engine.push(bytes.subarray(cut)));
  }

  #use(engine: Engine, { config }: ModelPlan): void {
    const random = this.#random;
    const ids = Uint32Array.from({ length: random(5) }, () => random(config.vocab + 1));
    const calls: readonly (() => unknown)[] = [
      () => engine.forward(ids),
      () => engine.forward(ids),
      () => engine.begin(ids),
      () => engine.advance(pick([0, 1, 2, 2 ** 32 - 1], random)),
      () => engine.logits(),
      () => engine.setSampler(sampler(() => pick(ODDER, random))),
      () => engine.setSampler({} as SamplerSettings),
      () => engine.ids(),
      () => engine.restoreSampler(random(2 ** 31), random(2 ** 31)),
      () => engine.sample(),
      () => engine.truncate(pick([0, 1, 3, 2 ** 32 - 1], random)),
      () => this.#restore(engine),
      () => this.#restore(engine),
      () => engine.profile(),
      () => engine.finish(),
      () => engine.push(new Uint8Array(random(9))),
      () => engine.choose(pick(FAMILIES, random), pick(['small', 'large', ''], random), 'dot', ''),
    ];
    this.#try(pick(calls, random));
  }

  /** Gives the engine its own context back, edited: with its checksum made right, or not. */
  #restore(engine: Engine): void {
    const random = this.#random;
    let bytes = engine.saveContext();
    for (let left = random(4); left > 0; left--) {
      const at = random(this.#oneIn(2) ? Math.min(bytes.length, 64) : bytes.length);
      bytes[at] = pick([0, 1, 127, 128, 255, random(256)], random);
    }
    if (this.#oneIn(8)) bytes = bytes.slice(0, random(bytes.length + 1));
    if (this.#oneIn(8)) bytes = Uint8Array.from([...bytes, ...new Uint8Array(random(40))]);
    if (!this.#oneIn(4) && bytes.length >= CHECKSUM_BYTES) sign(bytes);
    engine.restoreContext(bytes);
    this.#counts.restored++;
  }
}

/** Bytes and weights of a block, and where its f16 scales are. */
const BLOCKS: Readonly<Record<number, readonly [bytes: number, weights: number, scale: number]>> = {
  8: [34, 32, 0],
  35: [66, 256, 64],
  36: [32, 128, -1],
  41: [18, 128, 0],
  42: [18, 64, 0],
};
const TENTH = [0x66, 0x2e];

/** The bytes of a tensor: sound, or any. */
function contentOf({ type, bytes }: ModelPlan['tensors'][number], random: Random, wild: boolean) {
  const content = new Uint8Array(bytes).fill(0xaa);
  if (wild) return content.map(() => random(256)).subarray(0, random(bytes + 1));
  const [size, , scale] = BLOCKS[type] ?? [0, 0, -1];
  if (type === 0) new Float32Array(content.buffer).fill(0.5);
  if (type === 1) for (let at = 0; at < bytes; at += 2) content.set(TENTH, at);
  if (type === 36) content.set(new Uint8Array(Float32Array.of(0.1).buffer), bytes - size);
  if (scale >= 0) for (let at = 0; at < bytes; at += size) content.set(TENTH, at + scale);
  return content;
}

const CHECKSUM_BYTES = 8;
const FNV_START = 0xcbf2_9ce4_8422_2325n;
const FNV_FACTOR = 0x0100_0000_01b3n;

/** Writes the checksum that a saved context of these bytes has: FNV-1a over words of four bytes. */
function sign(bytes: Uint8Array): void {
  const end = bytes.length - CHECKSUM_BYTES;
  let sum = FNV_START;
  for (let at = 0; at < end; at += 4) {
    let word = 0n;
    for (let i = Math.min(at + 4, end) - 1; i >= at; i--) word = (word << 8n) | BigInt(bytes[i]!);
    sum = BigInt.asUintN(64, (sum ^ word) * FNV_FACTOR);
  }
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(end, sum, true);
}
