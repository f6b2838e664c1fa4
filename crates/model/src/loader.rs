//! From streamed file bytes to packed tensors, with scratch of one block or row.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use pocketbit_kernels::line::{bytes_mut, int8_mut, Line};
use pocketbit_kernels::matrix::Bits;
use pocketbit_kernels::pack;
use pocketbit_kernels::quant::quantize_row;

use crate::config::{Activations, Config, HeadKind};
use crate::error::Error;
use crate::forward::Model;
use crate::memory::filled;
use crate::weights::{Layer, Linear, Rows, Weights};

/// Tensor roles as JavaScript numbers them. Thresholds of W1A1 linears stand [`slot::THRESHOLD`] above their linear.
mod slot {
    pub(super) const EMBEDDING: u32 = 0;
    pub(super) const OUTPUT_NORM: u32 = 1;
    pub(super) const OUTPUT: u32 = 2;
    pub(super) const ATTN_NORM: u32 = 10;
    pub(super) const ATTN_Q: u32 = 11;
    pub(super) const ATTN_K: u32 = 12;
    pub(super) const ATTN_V: u32 = 13;
    pub(super) const ATTN_SUB_NORM: u32 = 14;
    pub(super) const ATTN_OUTPUT: u32 = 15;
    pub(super) const FFN_NORM: u32 = 16;
    pub(super) const FFN_GATE: u32 = 17;
    pub(super) const FFN_UP: u32 = 18;
    pub(super) const FFN_SUB_NORM: u32 = 19;
    pub(super) const FFN_DOWN: u32 = 20;
    pub(super) const THRESHOLD: u32 = 20;
    pub(super) const FIRST_THRESHOLD: u32 = ATTN_Q + THRESHOLD;
    pub(super) const LAST_THRESHOLD: u32 = FFN_DOWN + THRESHOLD;
}

/// GGUF tensor types this engine reads.
mod ggml {
    pub(super) const F32: u32 = 0;
    pub(super) const F16: u32 = 1;
    pub(super) const Q8_0: u32 = 8;
    pub(super) const Q6_K: u32 = 14;
    pub(super) const TQ2_0: u32 = 35;
    pub(super) const I2_S: u32 = 36;
    pub(super) const Q1_0: u32 = 41;
}

/// What a slot holds.
#[derive(Clone, Copy, PartialEq)]
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
}

enum Tensor {
    Vector(Vec<f32>),
    Linear(Linear),
    Rows(Rows),
}

/// A tensor on its way in, unit by unit (a block, a group or a row of the file).
struct Upload {
    key: (u32, u32),
    target: Tensor,
    ggml: u32,
    /// weights of a row
    k: usize,
    unit_bytes: usize,
    units: usize,
    done: usize,
    /// bytes of a unit cut by a chunk's end, `< unit_bytes`
    carry: Vec<u8>,
    /// one row of floats, for types that are decoded
    row: Vec<f32>,
    /// the tensor's scale, from its first block that is not all zero
    scale: Option<f32>,
}

impl Loader {
    /// An empty model of this shape.
    pub fn new(config: Config) -> Self {
        Loader { config, tensors: BTreeMap::new(), upload: None }
    }

    /// Starts tensor `slot` of `layer`: GGUF type `ggml`, `[rows][k]`.
    pub fn begin(&mut self, slot: u32, layer: u32, ggml: u32, rows: usize, k: usize) -> Result<(), Error> {
        let key = (layer, slot);
        if self.upload.is_some() || self.tensors.contains_key(&key) {
            return Err(Error::bad_model(format!("tensor {key:?} (layer, slot) comes twice or inside another")));
        }
        let (role, shape) = self.expect(slot, layer)?;
        if (rows, k) != shape {
            return Err(Error::bad_model(format!("tensor {key:?} is {rows}×{k}; the config asks for {shape:?}")));
        }
        self.upload = Some(Upload::new(key, self.target(role, ggml, rows, k)?, ggml, rows, k)?);
        Ok(())
    }

    /// The next bytes of the open tensor, in file order, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.upload {
            Some(upload) => upload.push(bytes),
            None => Err(Error::bad_model("bytes came with no tensor open")),
        }
    }

    /// Ends the open tensor.
    pub fn end(&mut self) -> Result<(), Error> {
        let upload = self.upload.take().ok_or_else(|| Error::bad_model("no tensor is open"))?;
        let key = upload.key;
        self.tensors.insert(key, upload.finish()?);
        Ok(())
    }

    /// The model, once every tensor is there.
    pub fn finish(mut self) -> Result<Model, Error> {
        let layers = (0..self.config.layers as u32).map(|l| self.layer(l)).collect::<Result<Vec<_>, _>>()?;
        let weights = Weights {
            embedding: self.rows(slot::EMBEDDING)?,
            output: if self.config.tied { None } else { Some(self.rows(slot::OUTPUT)?) },
            output_norm: self.vector(0, slot::OUTPUT_NORM)?,
            layers,
        };
        match self.tensors.first_key_value() {
            Some((key, _)) => Err(Error::bad_model(format!("tensor {key:?} (layer, slot) has no place in this model"))),
            None => Model::new(self.config, weights),
        }
    }

    /// Role and shape of a slot.
    fn expect(&self, slot: u32, layer: u32) -> Result<(Role, (usize, usize)), Error> {
        let c = &self.config;
        let (dim, q, kv, ffn) = (c.dim, c.q_dim(), c.kv_dim(), c.ffn);
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
            slot::FIRST_THRESHOLD..=slot::LAST_THRESHOLD => match self.expect(slot - slot::THRESHOLD, layer)? {
                (Role::Linear, (_, k)) => (Role::Vector, (1, k)),
                _ => return Err(Error::bad_model(format!("no tensor slot {slot}"))),
            },
            _ => return Err(Error::bad_model(format!("no tensor slot {slot}"))),
        };
        let layers = if slot < slot::ATTN_NORM { 1 } else { c.layers };
        if layer as usize >= layers {
            return Err(Error::bad_model(format!("slot {slot} of layer {layer}; this model has {} layers", c.layers)));
        }
        Ok(found)
    }

    /// Empty storage for a tensor.
    fn target(&self, role: Role, ggml: u32, rows: usize, k: usize) -> Result<Tensor, Error> {
        let binary = self.config.activations == Activations::Binary;
        let step = if role == Role::Linear && binary { pack::BINARY_STEP } else { pack::INT8_STEP };
        if role != Role::Vector && k % step != 0 {
            return Err(Error::bad_model(format!("rows of {k} weights; this engine needs a multiple of {step}")));
        }
        match (role, ggml) {
            (Role::Vector, ggml::F32) => Ok(Tensor::Vector(filled(0.0, k)?)),
            (Role::Linear, ggml::TQ2_0 | ggml::I2_S) if !binary => {
                let lines = filled(Line::filled(pack::TERNARY_ZERO), pack::lane_lines(Bits::Two, rows, k))?;
                Ok(Tensor::Linear(Linear::Ternary { lines, rows, k, scale: 0.0 }))
            }
            (Role::Linear, ggml::Q1_0) if binary => {
                let lines = filled(Line::filled(0), pack::binary_lines(rows, k))?;
                Ok(Tensor::Linear(Linear::Binary { lines, alpha: filled(0.0, rows)?, threshold: Vec::new() }))
            }
            (Role::Rows, ggml::F32 | ggml::F16 | ggml::Q8_0 | ggml::Q6_K) => self.rows_target(rows, k),
            _ => Err(Error::bad_model(format!(
                "a tensor of type {ggml} where this engine reads F32 (norms), TQ2_0 or I2_S (linears), Q1_0 (W1A1 \
                 linears), F32, F16, Q8_0 or Q6_K (embedding, head)"
            ))),
        }
    }

    fn rows_target(&self, rows: usize, k: usize) -> Result<Tensor, Error> {
        Ok(Tensor::Rows(match self.config.head {
            HeadKind::F32 => Rows::F32 { values: filled(0.0, rows * k)?, k },
            HeadKind::Int8 => {
                let lines = filled(Line::filled(0), pack::int8_lines(rows, k))?;
                Rows::Int8 { lines, scales: filled(0.0, rows)?, k }
            }
        }))
    }

    fn layer(&mut self, layer: u32) -> Result<Layer, Error> {
        let sub_norms = self.config.sub_norms;
        let sub_norm = |this: &mut Self, slot| if sub_norms { this.vector(layer, slot) } else { Ok(Vec::new()) };
        Ok(Layer {
            attn_sub_norm: sub_norm(self, slot::ATTN_SUB_NORM)?,
            ffn_sub_norm: sub_norm(self, slot::FFN_SUB_NORM)?,
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

    fn rows(&mut self, slot: u32) -> Result<Rows, Error> {
        match self.take(0, slot)? {
            Tensor::Rows(rows) => Ok(rows),
            _ => Err(Error::bad_model(format!("slot {slot} is no row matrix"))),
        }
    }

    fn linear(&mut self, layer: u32, slot: u32) -> Result<Linear, Error> {
        match self.take(layer, slot)? {
            Tensor::Linear(Linear::Binary { lines, alpha, .. }) => {
                let threshold = self.vector(layer, slot + slot::THRESHOLD)?;
                Ok(Linear::Binary { lines, alpha, threshold })
            }
            Tensor::Linear(linear) => Ok(linear),
            _ => Err(Error::bad_model(format!("slot {slot} is no linear"))),
        }
    }
}

impl Upload {
    fn new(key: (u32, u32), target: Tensor, ggml: u32, rows: usize, k: usize) -> Result<Self, Error> {
        let (block_bytes, block) = match ggml {
            ggml::F32 => (4, 1),
            ggml::F16 => (2, 1),
            ggml::Q8_0 => pack::Q8_0,
            ggml::Q6_K => pack::Q6_K,
            ggml::TQ2_0 => pack::TQ2_0,
            ggml::I2_S => pack::I2_S,
            _ => pack::Q1_0,
        };
        if k % block != 0 {
            return Err(Error::bad_model(format!("rows of {k} weights in a type of blocks of {block}")));
        }
        // Low-bit linears go in block by block; rows of floats whole, because an int8 row needs its largest value.
        let by_block = matches!(target, Tensor::Linear(_));
        let row = filled(0.0, if by_block { 0 } else { k })?;
        let (unit_bytes, units) = match (by_block, ggml) {
            (true, ggml::I2_S) => (block_bytes, rows * k / block + 1),
            (true, _) => (block_bytes, rows * k / block),
            (false, _) => (k / block * block_bytes, rows),
        };
        Ok(Upload { key, target, ggml, k, unit_bytes, units, done: 0, carry: Vec::new(), row, scale: None })
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if !self.carry.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(self.unit_bytes - self.carry.len()));
            self.carry.extend_from_slice(head);
            bytes = rest;
            if self.carry.len() == self.unit_bytes {
                let unit = core::mem::take(&mut self.carry);
                self.unit(&unit)?;
            }
        }
        let mut units = bytes.chunks_exact(self.unit_bytes);
        for unit in &mut units {
            self.unit(unit)?;
        }
        self.carry.extend_from_slice(units.remainder());
        Ok(())
    }

    fn unit(&mut self, unit: &[u8]) -> Result<(), Error> {
        let at = self.done;
        if at >= self.units {
            return Err(Error::bad_model(format!("tensor {:?} has more bytes than its shape", self.key)));
        }
        self.done += 1;
        match self.ggml {
            ggml::TQ2_0 => self.tq2_0(at, unit),
            ggml::I2_S if at + 1 == self.units => self.i2_s_tail(unit),
            ggml::I2_S => self.i2_s(at, unit),
            ggml::Q1_0 => self.q1_0(at, unit),
            _ => self.float_row(at, unit),
        }
    }

    fn tq2_0(&mut self, at: usize, unit: &[u8]) -> Result<(), Error> {
        let mut codes = [0u8; pack::TQ2_0.1];
        let scale = pack::tq2_0_block(unit, &mut codes);
        if scale == 0.0 {
            // A block of zeros: its codes carry no weight, whatever they are.
            codes.fill(1);
        } else {
            self.one_scale(scale)?;
        }
        self.put(at * pack::TQ2_0.1, &codes)
    }

    fn i2_s(&mut self, at: usize, unit: &[u8]) -> Result<(), Error> {
        let mut codes = [0u8; pack::I2_S.1];
        pack::i2_s_group(unit, &mut codes);
        self.put(at * pack::I2_S.1, &codes)
    }

    fn i2_s_tail(&mut self, unit: &[u8]) -> Result<(), Error> {
        self.one_scale(f32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]))
    }

    fn put(&mut self, first: usize, codes: &[u8]) -> Result<(), Error> {
        if codes.contains(&3) {
            return Err(Error::bad_model(format!("tensor {:?} holds ternary code 3; 0, 1 and 2 are valid", self.key)));
        }
        if let Tensor::Linear(Linear::Ternary { lines, k, .. }) = &mut self.target {
            pack::put_codes(Bits::Two, bytes_mut(lines), *k, first / *k, first % *k, codes);
        }
        Ok(())
    }

    fn one_scale(&mut self, scale: f32) -> Result<(), Error> {
        let known = *self.scale.get_or_insert(scale);
        if scale == known && scale.is_finite() {
            return Ok(());
        }
        let key = self.key;
        Err(Error::bad_model(format!(
            "tensor {key:?} has block scales {known} and {scale}; this engine runs ternary tensors with one finite scale"
        )))
    }

    fn q1_0(&mut self, at: usize, unit: &[u8]) -> Result<(), Error> {
        let (alpha, key, k) = (pack::q1_0_scale(unit), self.key, self.k);
        let Tensor::Linear(Linear::Binary { lines, alpha: alphas, .. }) = &mut self.target else { return Ok(()) };
        let (row, first) = (at * pack::Q1_0.1 / k, at * pack::Q1_0.1 % k == 0);
        if !alpha.is_finite() || !(first || alphas[row] == alpha) {
            let found = alphas[row];
            return Err(Error::bad_model(format!(
                "tensor {key:?} row {row} has scales {found} and {alpha}; a W1A1 row has one finite scale"
            )));
        }
        alphas[row] = alpha;
        bytes_mut(lines)[16 * at..16 * (at + 1)].copy_from_slice(&unit[2..]);
        Ok(())
    }

    fn float_row(&mut self, at: usize, unit: &[u8]) -> Result<(), Error> {
        let row = &mut self.row;
        match self.ggml {
            ggml::F32 => pack::f32_row(unit, row),
            ggml::F16 => pack::f16_row(unit, row),
            ggml::Q8_0 => pack::q8_0_row(unit, row),
            _ => pack::q6_k_row(unit, row),
        }
        if !row.iter().all(|v| v.is_finite()) {
            return Err(Error::bad_model(format!("tensor {:?} row {at} holds a value that is not finite", self.key)));
        }
        match &mut self.target {
            Tensor::Vector(values) => values.copy_from_slice(row),
            Tensor::Rows(Rows::F32 { values, k }) => values[at * *k..(at + 1) * *k].copy_from_slice(row),
            Tensor::Rows(Rows::Int8 { lines, scales, k }) => {
                scales[at] = quantize_row(row, &mut int8_mut(lines)[at * *k..(at + 1) * *k]);
            }
            Tensor::Linear(_) => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tensor, Error> {
        if self.done != self.units || !self.carry.is_empty() {
            let (done, units, cut) = (self.done, self.units, self.carry.len());
            let key = self.key;
            return Err(Error::bad_model(format!(
                "tensor {key:?} ended after {done} of {units} units and {cut} bytes"
            )));
        }
        if let Tensor::Linear(Linear::Ternary { scale, .. }) = &mut self.target {
            *scale = self.scale.unwrap_or(0.0);
        }
        Ok(self.target)
    }
}
