//! From streamed file bytes to packed tensors, with scratch of one block or row.

mod storage;
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
use crate::role::{Field, Part, Role, Usage};
use crate::weights::{BinaryMatrix, Embedding, Layer, Linear, Weights};

use storage::Storage;
use upload::{Tensor, Upload};

/// Collects the tensors of a model.
pub struct Loader {
    config: Config,
    tensors: BTreeMap<Role, Tensor>,
    upload: Option<Upload>,
    choices: Choices,
    /// whether a call failed: a model of what came besides would lack it in silence
    failed: bool,
}

impl Loader {
    /// An empty model of this shape. Errors: `out-of-memory` where wasm32 cannot count it.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check_sizes()?;
        Ok(Loader { config, tensors: BTreeMap::new(), upload: None, choices: Choices::default(), failed: false })
    }

    /// Sets, by name, the kernels of one family (see [`Family`]) and size class, `small` or `large`; before the first
    /// tensor, as layouts depend on it. The bits of the results do not. Errors: `unsupported`.
    pub fn choose(&mut self, family: &str, size: &str, gemv: &str, gemm: &str) -> Result<(), Error> {
        if self.upload.is_some() || !self.tensors.is_empty() {
            return Err(Error::new(Kind::Unsupported, "kernels are chosen before the first tensor"));
        }
        let none = || {
            let message = format!("this build has no kernel {gemv}/{gemm} of family {family} for {size} matrices");
            Error::new(Kind::Unsupported, message)
        };
        let class = ["small", "large"].iter().position(|class| *class == size).ok_or_else(none)?;
        let family = Family::from_name(family).ok_or_else(none)?;
        let choice = Choice::named(family, gemv, gemm).ok_or_else(none)?;
        self.choices.set(family, class, choice).ok_or_else(none)
    }

    /// Has the allocator grow its memory by `bytes` now. Measurement: V8 collects garbage with every growth of a wasm memory,
    /// and WebKit may copy it whole.
    pub fn reserve(&self, bytes: usize) -> Result<(), Error> {
        // Without the black box the compiler leaves out what is allocated and freed.
        reserved::<u8>(bytes.min(isize::MAX as usize)).map(|room| drop(core::hint::black_box(room)))
    }

    /// Starts the tensor of a GGUF name: GGUF type `ggml`, `[rows][k]`. Errors: `bad-model`.
    pub fn begin(&mut self, name: &str, ggml: u32, rows: usize, k: usize) -> Result<(), Error> {
        let upload = self.upload(name, ggml, (rows, k)).map_err(|error| error.of_tensor(name, (rows, k)));
        self.upload = Some(self.noted(upload)?);
        Ok(())
    }

    fn upload(&self, name: &str, ggml: u32, shape: (usize, usize)) -> Result<Upload, Error> {
        let (role, kind, storage) = resolve(&self.config, name, ggml, shape)?;
        if self.upload.is_some() || self.tensors.contains_key(&role) {
            return Err(Error::bad_model("it comes twice or inside another"));
        }
        Upload::new(role, kind, shape, storage, &self.choices)
    }

    /// The next bytes of the open tensor, in file order, cut anywhere. After an error no tensor is open: what came of this
    /// one is gone.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(upload) = &mut self.upload else {
            return self.noted(Err(Error::bad_model("bytes came with no tensor open")));
        };
        let result = upload.push(bytes).map_err(|error| upload.of_tensor(error));
        if result.is_err() {
            self.upload = None;
        }
        self.noted(result)
    }

    /// Ends the open tensor.
    pub fn end(&mut self) -> Result<(), Error> {
        let none = || Error::bad_model("no tensor is open");
        let ended = self.upload.take().ok_or_else(none).and_then(|upload| {
            let role = upload.role;
            Ok((role, upload.finish(&self.choices)?))
        });
        let (role, tensor) = self.noted(ended)?;
        self.tensors.insert(role, tensor);
        Ok(())
    }

    fn noted<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.failed |= result.is_err();
        result
    }

    /// The model, once every tensor is there and none was refused.
    pub fn finish(mut self) -> Result<Model, Error> {
        let layers = (0..self.config.layers).map(|l| self.layer(l)).collect::<Result<Vec<_>, _>>()?;
        let weights = Weights {
            embedding: self.embedding(Part::Embedding)?,
            output: if self.config.tied { None } else { Some(self.embedding(Part::Output)?) },
            output_norm: self.vector(Role::weight(0, Part::OutputNorm))?,
            rope_factors: self.optional(Role::weight(0, Part::RopeFactors))?,
            layers,
        };
        match self.tensors.first_key_value() {
            Some((role, _)) => Err(Error::bad_model(format!("the tensor {} has no place in this model", role.name()))),
            None if self.failed => Err(Error::bad_model("a tensor was refused: the model is not whole")),
            None => Model::new(self.config, weights),
        }
    }

    fn layer(&mut self, layer: usize) -> Result<Layer, Error> {
        let (sub_norms, qk_norm) = (self.config.sub_norms, self.config.qk_norm);
        let norm = |this: &mut Self, there: bool, part| match there {
            true => this.vector(Role::weight(layer, part)),
            false => Ok(Vec::new()),
        };
        Ok(Layer {
            q_norm: norm(self, qk_norm, Part::AttnQNorm)?,
            k_norm: norm(self, qk_norm, Part::AttnKNorm)?,
            attn_sub_norm: norm(self, sub_norms, Part::AttnSubNorm)?,
            ffn_sub_norm: norm(self, sub_norms, Part::FfnSubNorm)?,
            attn_norm: norm(self, true, Part::AttnNorm)?,
            q: self.linear(layer, Part::AttnQ)?,
            k: self.linear(layer, Part::AttnK)?,
            v: self.linear(layer, Part::AttnV)?,
            output: self.linear(layer, Part::AttnOutput)?,
            ffn_norm: norm(self, true, Part::FfnNorm)?,
            gate: self.linear(layer, Part::FfnGate)?,
            up: self.linear(layer, Part::FfnUp)?,
            down: self.linear(layer, Part::FfnDown)?,
        })
    }

    fn take(&mut self, role: Role) -> Result<Tensor, Error> {
        self.tensors.remove(&role).ok_or_else(|| Error::bad_model(format!("the tensor {} is missing", role.name())))
    }

    fn vector(&mut self, role: Role) -> Result<Vec<f32>, Error> {
        match self.take(role)? {
            Tensor::Vector(values) => Ok(values),
            _ => Err(misused(role)),
        }
    }

    /// A vector that may be absent, then empty.
    fn optional(&mut self, role: Role) -> Result<Vec<f32>, Error> {
        match self.tensors.contains_key(&role) {
            true => self.vector(role),
            false => Ok(Vec::new()),
        }
    }

    fn embedding(&mut self, part: Part) -> Result<Embedding, Error> {
        let role = Role::weight(0, part);
        match self.take(role)? {
            Tensor::Embedding(table) => Ok(table),
            Tensor::Linear(linear) => Ok(Embedding::Packed(linear)),
            Tensor::Vector(_) => Err(misused(role)),
        }
    }

    fn linear(&mut self, layer: usize, part: Part) -> Result<Linear, Error> {
        let role = |field| Role { layer, part, field };
        let linear = match self.take(role(Field::Weight))? {
            Tensor::Linear(Linear::Binary(matrix)) => {
                let threshold = self.vector(role(Field::Threshold))?;
                Linear::Binary(BinaryMatrix { threshold, ..matrix })
            }
            Tensor::Linear(linear) => linear,
            _ => return Err(misused(role(Field::Weight))),
        };
        let gain = self.optional(role(Field::Gain))?;
        Ok(match gain.first() {
            Some(gain) => linear.with_gain(*gain),
            None => linear,
        })
    }
}

fn misused(role: Role) -> Error {
    Error::bad_model(format!("the tensor {} is of another kind than its place", role.name()))
}

/// The role, type and storage of a tensor in a model of this config. Errors: `bad-model`.
pub(crate) fn resolve(
    config: &Config,
    name: &str,
    ggml: u32,
    shape: (usize, usize),
) -> Result<(Role, &'static Type, Storage), Error> {
    let role = Role::of(name).ok_or_else(|| Error::bad_model("no tensor of this name is known"))?;
    if role.layer >= config.layers {
        return Err(Error::bad_model(format!("this model has {} layers", config.layers)));
    }
    let (usage, expected) = role.expected(config);
    if shape != expected {
        return Err(Error::bad_model(format!("the config asks for {expected:?}")));
    }
    let unknown = || Error::bad_model(format!("it has type {ggml}, which this engine does not read"));
    let kind = Type::from_ggml(ggml).ok_or_else(unknown)?;
    Ok((role, kind, storage_of(config, usage, kind)?))
}

/// How a tensor of this use and type is stored.
fn storage_of(config: &Config, usage: Usage, kind: &Type) -> Result<Storage, Error> {
    let binary = config.activations == Activations::Binary;
    let refused = || Err(Error::bad_model(format!("a tensor of type {kind:?} where a {usage:?} is needed")));
    match (usage, kind.read) {
        (Usage::Vector, Read::Floats(block)) if block.is_unquantized() => Ok(Storage::Vector),
        (Usage::Linear, Read::Packed(block)) if binary && block.family == Family::OneBit => Ok(Storage::Binary),
        (Usage::Vector, _) => refused(),
        (Usage::Linear, _) if binary => refused(),
        (_, Read::Packed(block)) => Ok(Storage::Lanes(block)),
        (Usage::Embedding, Read::Floats(_)) if config.head == HeadKind::F32 => Ok(Storage::Floats),
        (Usage::Embedding, Read::Floats(_)) if config.head == HeadKind::Int4 => Ok(Storage::Integer(Family::Int4)),
        (_, Read::Floats(_)) => Ok(Storage::Integer(Family::Int8)),
    }
}
