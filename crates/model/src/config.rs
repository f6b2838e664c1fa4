//! The blueprint of a model, decoded and checked once.

use alloc::format;

use crate::error::{Error, Kind};
use crate::fields::{self, choice, flag, real, Fields};

/// Activation of the gated feed-forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glu {
    /// `silu(gate) · up`
    Silu,
    /// `relu(gate)² · up` (BitNet 2B4T)
    Relu2,
}

/// How the linears see their input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activations {
    /// Ternary weights, int8 activations.
    Int8,
    /// Binary weights, binary activations.
    Binary,
}

/// How keys and values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvKind {
    /// f32
    F32,
    /// int8 rows with a scale each
    Int8,
    /// rows of four bits with a scale each
    Int4,
}

/// How embedding and head rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// int8 rows with a scale each
    Int8,
    /// f32, for diagnosis
    F32,
    /// int4 rows with a scale each
    Int4,
}

/// Which dimensions of a head RoPE rotates together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// `(i, i + n/2)`
    Neox,
    /// `(2i, 2i + 1)`, as llama's converter permutes q and k for
    Norm,
}

/// How RoPE is stretched past the trained context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// As trained.
    None,
    /// Positions divided by the factor.
    Linear {
        /// New context over trained context.
        factor: f64,
    },
    /// High frequencies kept, low ones divided (arXiv 2309.00071).
    Yarn {
        /// New context over trained context.
        factor: f64,
        /// Trained context.
        original: f64,
        /// Multiplies YaRN's own attention factor `1 + 0.1 ln factor`.
        attn_factor: f64,
        /// Turns over the trained context above which a frequency is kept.
        beta_fast: f64,
        /// Turns under which it is divided.
        beta_slow: f64,
        /// Share of the kept frequencies, 1 for YaRN.
        ext_factor: f64,
    },
}

/// Every size and choice of a model.
#[derive(Clone, PartialEq)]
pub struct Config {
    /// Feed-forward activation.
    pub glu: Glu,
    /// Activation bits of the linears.
    pub activations: Activations,
    /// Tokens.
    pub vocab: usize,
    /// Model width.
    pub dim: usize,
    /// Blocks.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key/value heads.
    pub kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Feed-forward width.
    pub ffn: usize,
    /// Positions the cache holds.
    pub context: usize,
    /// Rotated dimensions of a head.
    pub rope_dims: usize,
    /// RoPE frequency base.
    pub rope_base: f64,
    /// RMSNorm epsilon.
    pub rms_eps: f32,
    /// Whether the head is the embedding.
    pub tied: bool,
    /// Cache kind.
    pub kv: KvKind,
    /// Embedding and head kind.
    pub head: HeadKind,
    /// Whether norms stand before the output and down projections (BitNet).
    pub sub_norms: bool,
    /// RoPE pairs.
    pub pairing: Pairing,
    /// Whether q and k heads are normalised before RoPE (Qwen3).
    pub qk_norm: bool,
    /// Multiplies embedding rows (MiniCPM); 1 elsewhere.
    pub embedding_scale: f32,
    /// Multiplies what a block adds to the residual stream (MiniCPM); 1 elsewhere.
    pub residual_scale: f32,
    /// Multiplies logits (MiniCPM); 1 elsewhere.
    pub logit_scale: f32,
    /// RoPE beyond the trained context.
    pub rope_scaling: RopeScaling,
    /// Multiplies q·k; 1/√head_dim unless the file says otherwise.
    pub attention_scale: f32,
}

/// Widest head the attention scratch holds.
pub(crate) const MAX_HEAD_DIM: usize = 512;
/// Bounds that keep every product of sizes far inside usize on wasm32 and every int32 sum exact.
const MAX_WIDTH: usize = 1 << 16;
/// Weights of one matrix: padded and as bytes of its layout they still count in the 32 bits of wasm's `usize`.
pub(crate) const MAX_WEIGHTS: u64 = 1 << 30;
/// Numbers that all keys, or all values, of a cache hold, for the same reason.
const MAX_CACHED: u64 = 1 << 32;

impl Config {
    /// Reads and checks a config by the names of `ModelConfig` of packages/core. Errors: `bad-model`.
    pub fn read(fields: &impl Fields) -> Result<Config, Error> {
        let size = |name, max| fields::size(fields, name, max);
        let scales = fields.record("scales");
        let head_dim = size("headDim", MAX_HEAD_DIM)?;
        let config = Config {
            glu: choice(fields, "activation", &[("silu", Glu::Silu), ("relu2", Glu::Relu2)])?,
            activations: activations(fields)?,
            vocab: size("vocab", 1 << 20)?,
            dim: size("dim", MAX_WIDTH)?,
            layers: size("layers", 1024)?,
            heads: size("heads", 1024)?,
            kv_heads: size("kvHeads", 1024)?,
            head_dim,
            ffn: size("ffn", MAX_WIDTH)?,
            context: size("context", 1 << 20)?,
            rope_dims: size("ropeDims", MAX_HEAD_DIM)?,
            rope_base: fields.number("ropeBase"),
            rms_eps: fields.number("rmsEps") as f32,
            tied: flag(fields, "tied")?,
            kv: choice(fields, "kv", &[("f32", KvKind::F32), ("int8", KvKind::Int8), ("int4", KvKind::Int4)])?,
            head: choice(
                fields,
                "head",
                &[("int8", HeadKind::Int8), ("f32", HeadKind::F32), ("int4", HeadKind::Int4)],
            )?,
            sub_norms: flag(fields, "subNorms")?,
            pairing: choice(fields, "ropePairing", &[("neox", Pairing::Neox), ("norm", Pairing::Norm)])?,
            qk_norm: flag(fields, "qkNorm")?,
            embedding_scale: real(&scales, "embedding")? as f32,
            residual_scale: real(&scales, "residual")? as f32,
            logit_scale: real(&scales, "logit")? as f32,
            rope_scaling: rope_scaling(&fields.record("ropeScaling"))?,
            attention_scale: match real(fields, "attentionScale")? {
                0.0 => 1.0 / libm::sqrtf(head_dim as f32),
                scale => scale as f32,
            },
        };
        config.check()?;
        Ok(config)
    }

    /// Width of all query heads.
    pub fn q_dim(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key (or value) heads.
    pub fn kv_dim(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    fn check(&self) -> Result<(), Error> {
        let rules = [
            (self.heads % self.kv_heads == 0, "heads must be a multiple of kv heads"),
            (self.rope_dims % 2 == 0 && self.rope_dims <= self.head_dim, "rope dims must be even and within head dim"),
            (self.q_dim() <= MAX_WIDTH, "heads · head dim must be at most 65536"),
            (self.rope_base.is_finite() && self.rope_base >= 1.0, "rope base must be a finite number of at least 1"),
            (self.rms_eps > 0.0 && self.rms_eps < 1.0, "rms eps must lie between 0 and 1"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(Error::bad_model(*rule)),
            None => Ok(()),
        }
    }

    /// Refuses, with `out-of-memory`, what wasm32 cannot count: it would wrap around there, and be written outside of what was
    /// allocated for it.
    pub(crate) fn check_sizes(&self) -> Result<(), Error> {
        let product = |sizes: &[usize]| sizes.iter().map(|n| *n as u64).product::<u64>();
        let rows = self.vocab.max(self.ffn).max(self.q_dim());
        // A cache keeps whole blocks of positions and of dimensions.
        let (positions, width) = (self.context.next_multiple_of(4), self.head_dim.next_multiple_of(4));
        let sizes = [
            (product(&[rows, self.dim]), MAX_WEIGHTS, "weights of a matrix"),
            (product(&[self.layers, self.kv_heads, positions, width]), MAX_CACHED, "numbers in the cache"),
        ];
        match sizes.iter().find(|(found, max, _)| found >= max) {
            Some((found, max, what)) => {
                Err(Error::new(Kind::OutOfMemory, format!("{found} {what}; fewer than {max} fit a wasm32 memory")))
            }
            None => Ok(()),
        }
    }
}

fn activations(fields: &impl Fields) -> Result<Activations, Error> {
    match fields.number("activationBits") {
        8.0 => Ok(Activations::Int8),
        1.0 => Ok(Activations::Binary),
        _ => Err(Error::bad_model("activationBits is neither 8 nor 1")),
    }
}

fn rope_scaling(fields: &impl Fields) -> Result<RopeScaling, Error> {
    let kind = choice(fields, "kind", &[("none", 0), ("linear", 1), ("yarn", 2)])?;
    if kind == 0 {
        return Ok(RopeScaling::None);
    }
    let positive = |name| match real(fields, name)? {
        value if value > 0.0 => Ok(value),
        _ => Err(Error::bad_model(format!("RoPE scaling: {name} is not positive"))),
    };
    let factor = positive("factor")?;
    if kind == 1 {
        return Ok(RopeScaling::Linear { factor });
    }
    Ok(RopeScaling::Yarn {
        factor,
        original: positive("originalContext")?,
        attn_factor: positive("attentionFactor")?,
        beta_fast: positive("betaFast")?,
        beta_slow: positive("betaSlow")?,
        ext_factor: real(fields, "extFactor")?,
    })
}

#[cfg(test)]
impl Config {
    /// A model of one layer and one head of 16, of which RoPE rotates 8.
    pub(crate) fn tiny() -> Config {
        Config {
            glu: Glu::Silu,
            activations: Activations::Int8,
            vocab: 8,
            dim: 16,
            layers: 1,
            heads: 1,
            kv_heads: 1,
            head_dim: 16,
            ffn: 16,
            context: 8,
            rope_dims: 8,
            rope_base: 1e4,
            rms_eps: 1e-5,
            tied: true,
            kv: KvKind::F32,
            head: HeadKind::Int8,
            sub_norms: true,
            pairing: Pairing::Neox,
            qk_norm: false,
            embedding_scale: 1.0,
            residual_scale: 1.0,
            logit_scale: 1.0,
            rope_scaling: RopeScaling::None,
            attention_scale: 0.25,
        }
    }
}
