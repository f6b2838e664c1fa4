export type Activation = 'silu' | 'relu2';
export type KvFormat = 'f32' | 'int8';
export type HeadFormat = 'int8' | 'f32';

/** The shape of a model and the numeric choices of a run: all that the engine needs besides weights. */
export interface ModelConfig {
  /** FFN activation: SiLU, or the square of ReLU. */
  readonly activation: Activation;
  /** Bits of an activation entering a BitLinear: 8 (W1.58A8) or 1 (W1A1). */
  readonly activationBits: 8 | 1;
  /** Rows of the embedding; logits per position. */
  readonly vocab: number;
  /** Width of the residual stream. */
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Width of the feed-forward layer. */
  readonly ffn: number;
  /** Positions of the KV cache. */
  readonly context: number;
  /** Leading dimensions of a head that RoPE turns. */
  readonly ropeDims: number;
  readonly ropeBase: number;
  readonly rmsEps: number;
  /** Whether the head is the embedding. */
  readonly tied: boolean;
  readonly kv: KvFormat;
  readonly head: HeadFormat;
  /** Whether attention and FFN outputs are normalised before their projection, as in BitNet. */
  readonly subNorms: boolean;
}

const CONFIG_VERSION = 2;

/** NEOX pairs, no q/k norms, scales of 1, no RoPE scaling, attention scale 1/√headDim: what BitNet models have. */
const PLAIN = [0, 0, 1, 1, 1, 0, 1, 1, 1, 32, 1, 1, 0];

/** The config as the engine's constructor takes it: 31 numbers, in the order crates/wasm names them. */
export function encodeConfig(config: ModelConfig): Float64Array {
  return Float64Array.of(
    CONFIG_VERSION,
    config.activation === 'relu2' ? 1 : 0,
    config.activationBits,
    config.vocab,
    config.dim,
    config.layers,
    config.heads,
    config.kvHeads,
    config.headDim,
    config.ffn,
    config.context,
    config.ropeDims,
    config.ropeBase,
    config.rmsEps,
    config.tied ? 1 : 0,
    config.kv === 'int8' ? 1 : 0,
    config.head === 'f32' ? 1 : 0,
    config.subNorms ? 1 : 0,
    ...PLAIN,
  );
}
