//! The blueprint of a model, decoded and checked once.

use alloc::format;

use crate::error::{Error, Kind};

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

/// Which dimensions of a head RoPE turns together.
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
#[derive(Clone, Debug, PartialEq)]
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

/// Version of the encoding.
const VERSION: f64 = 2.0;
/// Numbers of the encoding.
const FIELDS: usize = 31;
/// Widest head the attention scratch holds.
pub(crate) const MAX_HEAD_DIM: usize = 512;
/// Bounds that keep every product of sizes far inside usize on wasm32 and every int32 sum exact.
const MAX_WIDTH: usize = 1 << 16;
/// Weights of one matrix: padded and as bytes of its layout they still count in the 32 bits of wasm's `usize`.
const MAX_WEIGHTS: u64 = 1 << 30;
/// Numbers that all keys, or all values, of a cache hold, for the same reason.
const MAX_CACHED: u64 = 1 << 32;

impl Config {
    /// Reads the array JavaScript passes: version, glu, activation bits, vocab, dim, layers, heads, kv heads, head dim,
    /// ffn, context, rope dims, rope base, rms eps, tied, kv, head, sub-norms; RoPE pairing, q/k norms, embedding,
    /// residual and logit scale; RoPE scaling, factor, original context, attention factor, beta fast, beta slow,
    /// extrapolation factor; attention scale (0: 1/√head dim).
    pub fn decode(values: &[f64]) -> Result<Config, Error> {
        if values.len() != FIELDS || values[0] != VERSION {
            return Err(Error::bad_model(format!(
                "config of {} numbers, version {:?}; this engine reads {FIELDS}, version {VERSION}",
                values.len(),
                values.first()
            )));
        }
        let real = |at: usize, name: &str| real_field(values[at], name);
        let size = |at: usize, name: &str, max: usize| size_field(values[at], name, max);
        let config = Config {
            glu: choice(values[1], "ffn activation", [(0.0, Glu::Silu), (1.0, Glu::Relu2)])?,
            activations: choice(values[2], "activation bits", [(8.0, Activations::Int8), (1.0, Activations::Binary)])?,
            vocab: size(3, "vocab", 1 << 20)?,
            dim: size(4, "dim", MAX_WIDTH)?,
            layers: size(5, "layers", 1024)?,
            heads: size(6, "heads", 1024)?,
            kv_heads: size(7, "kv heads", 1024)?,
            head_dim: size(8, "head dim", MAX_HEAD_DIM)?,
            ffn: size(9, "ffn", MAX_WIDTH)?,
            context: size(10, "context", 1 << 20)?,
            rope_dims: size(11, "rope dims", MAX_HEAD_DIM)?,
            rope_base: values[12],
            rms_eps: values[13] as f32,
            tied: flag(values[14], "tied")?,
            kv: choice(values[15], "kv", [(0.0, KvKind::F32), (1.0, KvKind::Int8), (2.0, KvKind::Int4)])?,
            head: choice(values[16], "head", [(0.0, HeadKind::Int8), (1.0, HeadKind::F32), (2.0, HeadKind::Int4)])?,
            sub_norms: flag(values[17], "sub-norms")?,
            pairing: choice(values[18], "rope pairing", [(0.0, Pairing::Neox), (1.0, Pairing::Norm)])?,
            qk_norm: flag(values[19], "q/k norms")?,
            embedding_scale: real(20, "embedding scale")? as f32,
            residual_scale: real(21, "residual scale")? as f32,
            logit_scale: real(22, "logit scale")? as f32,
            rope_scaling: rope_scaling(&values[23..30])?,
            attention_scale: match real(30, "attention scale")? {
                0.0 => 1.0 / libm::sqrtf(values[8] as f32),
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
            Some((_, rule)) => Err(Error::bad_model(format!("{rule}; found {self:?}"))),
            None => self.check_sizes(),
        }
    }

    /// What is larger than wasm32 counts would wrap around there, and be written outside of what was allocated for it.
    fn check_sizes(&self) -> Result<(), Error> {
        let product = |sizes: &[usize]| sizes.iter().map(|n| *n as u64).product::<u64>();
        let rows = self.vocab.max(self.ffn).max(self.q_dim());
        // A cache keeps whole blocks of positions and of dimensions.
        let (positions, width) = (self.context.next_multiple_of(4), self.head_dim.next_multiple_of(4));
        let sizes = [
            (product(&[rows, self.dim]), MAX_WEIGHTS, "weights of a matrix"),
            (product(&[self.layers, self.kv_heads, positions, width]), MAX_CACHED, "numbers in the cache"),
        ];
        match sizes.iter().find(|(found, most, _)| found >= most) {
            Some((found, most, what)) => {
                Err(Error::new(Kind::OutOfMemory, format!("{found} {what}; fewer than {most} fit a wasm32 memory")))
            }
            None => Ok(()),
        }
    }
}

fn size_field(value: f64, name: &str, max: usize) -> Result<usize, Error> {
    if value >= 1.0 && value <= max as f64 && (value as usize) as f64 == value {
        return Ok(value as usize);
    }
    Err(Error::bad_model(format!("{name} is {value}; expected a whole number from 1 to {max}")))
}

fn choice<T: Copy, const N: usize>(value: f64, name: &str, among: [(f64, T); N]) -> Result<T, Error> {
    let found = among.iter().find(|(v, _)| *v == value).map(|(_, choice)| *choice);
    found.ok_or_else(|| Error::bad_model(format!("{name} is {value}; expected one of {:?}", among.map(|(v, _)| v))))
}

fn real_field(value: f64, name: &str) -> Result<f64, Error> {
    let sane = value.is_finite() && value.abs() < 1e9;
    sane.then_some(value).ok_or_else(|| Error::bad_model(format!("{name} is {value}; expected a finite number")))
}

/// Kind, factor, original context, attention factor, beta fast, beta slow, extrapolation factor.
fn rope_scaling(values: &[f64]) -> Result<RopeScaling, Error> {
    let &[kind, factor, original, attn_factor, beta_fast, beta_slow, ext_factor] = values else {
        return Err(Error::bad_model("RoPE scaling takes 7 numbers"));
    };
    if kind == 0.0 {
        return Ok(RopeScaling::None);
    }
    for value in values {
        real_field(*value, "a RoPE scaling number")?;
    }
    let positive = [factor, original, attn_factor, beta_fast, beta_slow].iter().all(|v| *v > 0.0);
    if kind == 1.0 && factor > 0.0 {
        return Ok(RopeScaling::Linear { factor });
    }
    if kind == 2.0 && positive {
        return Ok(RopeScaling::Yarn { factor, original, attn_factor, beta_fast, beta_slow, ext_factor });
    }
    Err(Error::bad_model(format!("RoPE scaling {values:?}; expected kind 0, 1 or 2 with positive numbers")))
}

fn flag(value: f64, name: &str) -> Result<bool, Error> {
    choice(value, name, [(0.0, false), (1.0, true)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [f64; FIELDS] = [
        2.0, 0.0, 8.0, 320.0, 256.0, 2.0, 4.0, 2.0, 64.0, 512.0, 128.0, 64.0, 1e4, 1e-5, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0,
        1.0, 1.0, 1.0, 2.0, 4.0, 8192.0, 1.0, 32.0, 1.0, 1.0, 0.0,
    ];

    #[test]
    fn good_values_decode() {
        let config = Config::decode(&GOOD).unwrap();
        assert_eq!((config.q_dim(), config.kv_dim(), config.glu, config.tied), (256, 128, Glu::Silu, true));
    }

    #[test]
    fn every_field_is_checked() {
        let bad = [(0, 1.0), (1, 2.0), (2, 4.0), (3, 0.0), (4, 1e9), (5, 1.5), (6, f64::NAN), (7, 3.0), (8, 513.0)];
        let more = [(9, -1.0), (10, f64::INFINITY), (11, 63.0), (11, 66.0), (12, 0.0), (13, 0.0), (14, 0.5), (15, 3.0)];
        for (at, value) in bad.into_iter().chain(more).chain([(16, -1.0), (17, 9.0), (18, 2.0), (19, 2.0)]).chain([
            (20, f64::NAN),
            (22, 1e12),
            (23, 3.0),
            (24, 0.0),
            (25, -1.0),
            (28, f64::INFINITY),
            (30, f64::NAN),
        ]) {
            let mut values = GOOD;
            values[at] = value;
            assert_eq!(Config::decode(&values).unwrap_err().kind(), crate::Kind::BadModel, "field {at} = {value}");
        }
        assert!(Config::decode(&GOOD[..30]).is_err());
    }
}
