/** The function between a layer's gate and up: SiLU, or the square of ReLU. */
export type Activation = 'silu' | 'relu2';
/** Formats of the KV cache. */
export const KV_FORMATS = ['f32', 'int8', 'int4'] as const;
/** How the KV cache stores keys and values. */
export type KvFormat = (typeof KV_FORMATS)[number];
/** Formats of embedding and head rows that come as floats. */
export const HEAD_FORMATS = ['int8', 'f32', 'int4'] as const;
/** How embedding and head are stored where the file has them as floats. */
export type HeadFormat = (typeof HEAD_FORMATS)[number];

/** How RoPE is stretched over a longer context than the model was first trained on. */
export interface RopeScaling {
  readonly kind: 'none' | 'linear' | 'yarn';
  /** Longer context over the first one. */
  readonly factor: number;
  /** Positions of the first training. */
  readonly originalContext: number;
  /** Multiplies YaRN's own attention factor. */
  readonly attentionFactor: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  readonly extFactor: number;
}

/** Constants of MiniCPM that stand before and after its matrices; 1 elsewhere. */
export interface Scales {
  /** Multiplies an embedding row. */
  readonly embedding: number;
  /** Multiplies what a block adds to the residual stream. */
  readonly residual: number;
  /** Multiplies the logits. */
  readonly logit: number;
}

/** The shape of a model and the numeric choices of a run: all that the engine needs besides weights. It reads them by these names. */
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
  /** Leading dimensions of a head that RoPE rotates. */
  readonly ropeDims: number;
  readonly ropeBase: number;
  /** Which dimensions rotate together: `i` with `i + n/2` (NEOX), or `2i` with `2i + 1`. */
  readonly ropePairing: 'neox' | 'norm';
  readonly ropeScaling: RopeScaling;
  readonly rmsEps: number;
  /** Whether the head is the embedding. */
  readonly tied: boolean;
  readonly kv: KvFormat;
  readonly head: HeadFormat;
  /** Whether attention and FFN outputs are normalised before their projection, as in BitNet. */
  readonly subNorms: boolean;
  /** Whether query and key heads are normalised before RoPE, as in Qwen3. */
  readonly qkNorm: boolean;
  readonly scales: Scales;
  /** Multiplies query · key; 0 for 1/√headDim. */
  readonly attentionScale: number;
}
