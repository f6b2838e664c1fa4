//! From streamed file bytes to packed tensors, with scratch of one block or row.

mod upload;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use pocketbit_kernels::dispatch::choice::{Choice, Choices};
use pocketbit_kernels::family::Family;
use pocketbit_kernels::format::ggml::{Read, Type};

use crate::config::{Activations, Config, HeadKind};
use crate::error::{Error, Kind};
use crate::forward::Model;
use crate::memory::reserved;
use crate::weights::{BinaryMatrix, Layer, Linear, Rows, Weights};

use upload::{Keep, Upload};

/// Tensor roles as JavaScript numbers them. Thresholds of W1A1 linears stand [`slot::THRESHOLD`] above their linear,
/// per-tensor multipliers [`slot::GAIN`] above.
pub(crate) mod slot {
    pub(crate) const EMBEDDING: u32 = 0;
    pub(crate) const OUTPUT_NORM: u32 = 1;
    pub(crate) const OUTPUT: u32 = 2;
    pub(crate) const ROPE_FACTORS: u32 = 3;
    pub(crate) const ATTN_NORM: u32 = 10;
    pub(crate) const ATTN_Q: u32 = 11;
    pub(crate) const ATTN_K: u32 = 12;
    pub(crate) const ATTN_V: u32 = 13;
    pub(crate) const ATTN_SUB_NORM: u32 = 14;
    pub(crate) const ATTN_OUTPUT: u32 = 15;
    pub(crate) const FFN_NORM: u32 = 16;
    pub(crate) const FFN_GATE: u32 = 17;
    pub(crate) const FFN_UP: u32 = 18;
    pub(crate) const FFN_SUB_NORM: u32 = 19;
    pub(crate) const FFN_DOWN: u32 = 20;
    pub(crate) const ATTN_Q_NORM: u32 = 21;
    pub(crate) const ATTN_K_NORM: u32 = 22;
    /// The linears of a layer, as `Layer::linears` orders them.
    pub(crate) const LINEARS: [u32; 7] = [ATTN_Q, ATTN_K, ATTN_V, ATTN_OUTPUT, FFN_GATE, FFN_UP, FFN_DOWN];
    pub(crate) const THRESHOLD: u32 = 20;
    pub(crate) const FIRST_THRESHOLD: u32 = ATTN_Q + THRESHOLD;
    pub(crate) const LAST_THRESHOLD: u32 = FFN_DOWN + THRESHOLD;
    pub(crate) const GAIN: u32 = 40;
    pub(crate) const FIRST_GAIN: u32 = ATTN_Q + GAIN;
    pub(crate) const LAST_GAIN: u32 = FFN_DOWN + GAIN;
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Vector,
    Linear,
    Rows,
}

/// Collects the tensors of a model.
pub struct Loader {
    config: Config,
    tensors: BTreeMap<(u32, u32), Tensor>,
    upload: Option<Upload>,
    choices: Choices,
    /// whether a call failed: a model of what came besides would lack it in silence
    failed: bool,
}

enum Tensor {
    Vector(Vec<f32>),
    Linear(Linear),
    Rows(Rows),
}

impl Loader {
    /// An empty model of this shape.
    pub fn new(config: Config) -> Self {
        Loader { config, tensors: BTreeMap::new(), upload: None, choices: Choices::default(), failed: false }
    }

    /// Sets, by name, the kernels of one family (see [`Family`]) and shape class; before the first tensor, as layouts
    /// depend on it. The bits of the results do not.
    pub fn choose(&mut self, family: u32, class: usize, gemv: &str, gemm: &str) -> Result<(), Error> {
        if self.upload.is_some() || !self.tensors.is_empty() {
            return Err(Error::new(Kind::Unsupported, "kernels are chosen before the first tensor"));
        }
        let none =
            || Error::new(Kind::Unsupported, format!("this build has no kernel {gemv}/{gemm} of family {family}"));
        let family = Family::ALL.get(family as usize).copied().ok_or_else(none)?;
        let choice = Choice::named(family, gemv, gemm).ok_or_else(none)?;
        self.choices.set(family, class, choice).ok_or_else(none)
    }

    /// Has the allocator grow its memory by `bytes` now. Measurement: V8 collects garbage with every growth of a wasm memory,
    /// and WebKit may copy it whole.
    pub fn reserve(&self, bytes: usize) -> Result<(), Error> {
        // Without the black box the compiler leaves out what is allocated and freed.
        reserved::<u8>(bytes.min(isize::MAX as usize)).map(|room| drop(core::hint::black_box(room)))
    }

    /// Starts tensor `slot` of `layer`: GGUF type `ggml`, `[rows][k]`.
    pub fn begin(&mut self, slot: u32, layer: u32, ggml: u32, rows: usize, k: usize) -> Result<(), Error> {
        let upload = self.upload((layer, slot), ggml, (rows, k));
        self.upload = Some(self.noted(upload)?);
        Ok(())
    }

    fn upload(&self, key: (u32, u32), ggml: u32, (rows, k): (usize, usize)) -> Result<Upload, Error> {
        let (layer, slot) = key;
        if self.upload.is_some() || self.tensors.contains_key(&key) {
            return Err(Error::bad_model(format!("tensor {key:?} (layer, slot) comes twice or inside another")));
        }
        let (role, shape) = self.expect(slot, layer)?;
        if (rows, k) != shape {
            return Err(Error::bad_model(format!("tensor {key:?} is {rows}×{k}; the config asks for {shape:?}")));
        }
        let unknown = || Error::bad_model(format!("tensor {key:?} has type {ggml}, which this engine does not read"));
        let kind = Type::from_ggml(ggml).ok_or_else(unknown)?;
        Upload::new(key, kind, (rows, k), self.keep(role, kind)?, &self.choices)
    }

    /// The next bytes of the open tensor, in file order, cut anywhere. After an error no tensor is open: what came of this
    /// one is gone.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let none = || Err(Error::bad_model("bytes came with no tensor open"));
        let result = self.upload.as_mut().map_or_else(none, |upload| upload.push(bytes));
        if result.is_err() {
            self.upload = None;
        }
        self.noted(result)
    }

    /// Ends the open tensor.
    pub fn end(&mut self) -> Result<(), Error> {
        let none = || Error::bad_model("no tensor is open");
        let upload = self.upload.take().ok_or_else(none);
        let ended = upload.and_then(|upload| Ok((upload.key, upload.finish(&self.choices)?)));
        let (key, tensor) = self.noted(ended)?;
        self.tensors.insert(key, tensor);
        Ok(())
    }

    fn noted<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.failed |= result.is_err();
        result
    }

    /// The model, once every tensor is there and none was refused.
    pub fn finish(mut self) -> Result<Model, Error> {
        let layers = (0..self.config.layers as u32).map(|l| self.layer(l)).collect::<Result<Vec<_>, _>>()?;
        let weights = Weights {
            embedding: self.rows(slot::EMBEDDING)?,
            output: if self.config.tied { None } else { Some(self.rows(slot::OUTPUT)?) },
            output_norm: self.vector(0, slot::OUTPUT_NORM)?,
            rope_factors: self.optional(0, slot::ROPE_FACTORS)?,
            layers,
        };
        match self.tensors.first_key_value() {
            Some((key, _)) => Err(Error::bad_model(format!("tensor {key:?} (layer, slot) has no place in this model"))),
            None if self.failed => Err(Error::bad_model("a tensor was refused: the model is not whole")),
            None => Model::new(self.config, weights),
        }
    }

    /// Role and shape of a slot.
    fn expect(&self, slot: u32, layer: u32) -> Result<(Role, (usize, usize)), Error> {
        let c = &self.config;
        let (dim, q, kv, ffn) = (c.dim, c.q_dim(), c.kv_dim(), c.ffn);
        let no_slot = || Err(Error::bad_model(format!("no tensor slot {slot}")));
        let found = match slot {
            slot::EMBEDDING | slot::OUTPUT => (Role::Rows, (c.vocab, dim)),
            slot::OUTPUT_NORM | slot::ATTN_NORM | slot::FFN_NORM => (Role::Vector, (1, dim)),
            slot::ATTN_SUB_NORM => (Role::Vector, (1, q)),
            slot::FFN_SUB_NORM => (Role::Vector, (1, ffn)),
            slot::ATTN_Q => (Role::Linear, (q, dim)),
            slot::ATTN_K | slot::ATTN_V => (Role::Linear, (kv, dim)),
            slot::ATTN_OUTPUT => (Role::Linear, (dim, q)),
            slot::FFN_GATE | slot::FFN_UP => (Role::Linear, (ffn, dim)),
            slot::FFN_DOWN => (Role::Linear, (dim, ffn)),
            slot::ROPE_FACTORS => (Role::Vector, (1, c.rope_dims / 2)),
            slot::ATTN_Q_NORM | slot::ATTN_K_NORM => (Role::Vector, (1, c.head_dim)),
            slot::FIRST_GAIN..=slot::LAST_GAIN => match self.expect(slot - slot::GAIN, layer)? {
                (Role::Linear, _) => (Role::Vector, (1, 1)),
                _ => return no_slot(),
            },
            slot::FIRST_THRESHOLD..=slot::LAST_THRESHOLD => match self.expect(slot - slot::THRESHOLD, layer)? {
                (Role::Linear, (_, k)) => (Role::Vector, (1, k)),
                _ => return no_slot(),
            },
            _ => return no_slot(),
        };
        let layers = if slot < slot::ATTN_NORM { 1 } else { c.layers };
        if layer as usize >= layers {
            return Err(Error::bad_model(format!("slot {slot} of layer {layer}; this model has {} layers", c.layers)));
        }
        Ok(found)
    }

    /// How a tensor of this role and type is kept.
    fn keep(&self, role: Role, kind: &Type) -> Result<Keep, Error> {
        let binary = self.config.activations == Activations::Binary;
        let refused = || Err(Error::bad_model(format!("a tensor of type {kind:?} where a {role:?} is needed")));
        match (role, kind.read) {
            (Role::Vector, Read::Rows(block)) if block.is_float() => Ok(Keep::Vector),
            (Role::Linear, Read::Packed(block)) if binary && block.family == Family::OneBit => Ok(Keep::Binary),
            (Role::Vector, _) => refused(),
            (Role::Linear, _) if binary => refused(),
            (_, Read::Packed(block)) => Ok(Keep::Lanes(block)),
            (Role::Rows, Read::Rows(_)) if self.config.head == HeadKind::F32 => Ok(Keep::Floats),
            (Role::Rows, Read::Rows(_)) if self.config.head == HeadKind::Int4 => Ok(Keep::Int4),
            (_, Read::Rows(_)) => Ok(Keep::Int8),
        }
    }

    fn layer(&mut self, layer: u32) -> Result<Layer, Error> {
        let (sub_norms, qk_norm) = (self.config.sub_norms, self.config.qk_norm);
        let norm = |this: &mut Self, there: bool, slot| if there { this.vector(layer, slot) } else { Ok(Vec::new()) };
        Ok(Layer {
            q_norm: norm(self, qk_norm, slot::ATTN_Q_NORM)?,
            k_norm: norm(self, qk_norm, slot::ATTN_K_NORM)?,
            attn_sub_norm: norm(self, sub_norms, slot::ATTN_SUB_NORM)?,
            ffn_sub_norm: norm(self, sub_norms, slot::FFN_SUB_NORM)?,
            attn_norm: self.vector(layer, slot::ATTN_NORM)?,
            q: self.linear(layer, slot::ATTN_Q)?,
            k: self.linear(layer, slot::ATTN_K)?,
            v: self.linear(layer, slot::ATTN_V)?,
            output: self.linear(layer, slot::ATTN_OUTPUT)?,
            ffn_norm: self.vector(layer, slot::FFN_NORM)?,
            gate: self.linear(layer, slot::FFN_GATE)?,
            up: self.linear(layer, slot::FFN_UP)?,
            down: self.linear(layer, slot::FFN_DOWN)?,
        })
    }

    fn take(&mut self, layer: u32, slot: u32) -> Result<Tensor, Error> {
        let missing = || Error::bad_model(format!("tensor slot {slot} of layer {layer} is missing"));
        self.tensors.remove(&(layer, slot)).ok_or_else(missing)
    }

    fn vector(&mut self, layer: u32, slot: u32) -> Result<Vec<f32>, Error> {
        match self.take(layer, slot)? {
            Tensor::Vector(values) => Ok(values),
            _ => Err(Error::bad_model(format!("slot {slot} is no vector"))),
        }
    }

    /// A vector that may be absent, then empty.
    fn optional(&mut self, layer: u32, slot: u32) -> Result<Vec<f32>, Error> {
        match self.tensors.contains_key(&(layer, slot)) {
            true => self.vector(layer, slot),
            false => Ok(Vec::new()),
        }
    }

    fn rows(&mut self, slot: u32) -> Result<Rows, Error> {
        match self.take(0, slot)? {
            Tensor::Rows(rows) => Ok(rows),
            Tensor::Linear(linear) => Ok(Rows::Packed(linear)),
            _ => Err(Error::bad_model(format!("slot {slot} is no row matrix"))),
        }
    }

    fn linear(&mut self, layer: u32, slot: u32) -> Result<Linear, Error> {
        let linear = match self.take(layer, slot)? {
            Tensor::Linear(Linear::Binary(matrix)) => {
                let threshold = self.vector(layer, slot + slot::THRESHOLD)?;
                Linear::Binary(BinaryMatrix { threshold, ..matrix })
            }
            Tensor::Linear(linear) => linear,
            _ => return Err(Error::bad_model(format!("slot {slot} is no linear"))),
        };
        let gain = self.optional(layer, slot + slot::GAIN)?;
        Ok(match gain.first() {
            Some(gain) => linear.with_gain(*gain),
            None => linear,
        })
    }
}
