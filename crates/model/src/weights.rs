//! Weights in the layouts the kernels read, each matrix checked when it was built.

use alloc::vec::Vec;

use pocketbit_kernels::dispatch::choice::Choice;
use pocketbit_kernels::family::Family;
use pocketbit_kernels::format::ggml::PackedBlock;
use pocketbit_kernels::format::layout::{Bits, Form};
use pocketbit_kernels::format::repack::Repack;
use pocketbit_kernels::line::{bytes_mut, Line};
use pocketbit_kernels::matrix::{Binary, Grouped, Int4, Int8, Ternary};

use crate::memory::bytes_of;

/// K that shares an activation scale for Q1_0 and Q2_0 weights.
pub(crate) const ACTIVATION_GROUP: usize = 128;

/// All tensors of a model.
pub(crate) struct Weights {
    /// `[vocab][dim]`
    pub embedding: Embedding,
    /// `[vocab][dim]`, `None` where the embedding is the head
    pub output: Option<Embedding>,
    /// `[dim]`
    pub output_norm: Vec<f32>,
    /// `[rope_dims / 2]`, empty for none
    pub rope_factors: Vec<f32>,
    /// `[layers]`
    pub layers: Vec<Layer>,
}

/// One block.
pub(crate) struct Layer {
    /// `[dim]`
    pub attn_norm: Vec<f32>,
    /// `[q_dim][dim]`
    pub q: Linear,
    /// `[kv_dim][dim]`
    pub k: Linear,
    /// `[kv_dim][dim]`
    pub v: Linear,
    /// `[head_dim]`, empty without q/k norms
    pub q_norm: Vec<f32>,
    pub k_norm: Vec<f32>,
    /// `[q_dim]`, empty without sub-norms
    pub attn_sub_norm: Vec<f32>,
    /// `[dim][q_dim]`
    pub output: Linear,
    /// `[dim]`
    pub ffn_norm: Vec<f32>,
    /// `[ffn][dim]`
    pub gate: Linear,
    /// `[ffn][dim]`
    pub up: Linear,
    /// `[ffn]`, empty without sub-norms
    pub ffn_sub_norm: Vec<f32>,
    /// `[dim][ffn]`
    pub down: Linear,
}

/// A packed matrix `[rows][k]`.
pub(crate) enum Linear {
    /// W1.58A8, one scale
    Ternary(TernaryMatrix),
    /// one or two bits, a scale per group
    Grouped(Lanes),
    /// W1A1
    Binary(BinaryMatrix),
    /// int8 or int4 rows
    Integer(IntegerMatrix),
}

/// Two-bit codes with one scale (see [`Ternary`]).
pub(crate) struct TernaryMatrix {
    pub lines: Vec<Line>,
    pub rows: usize,
    pub k: usize,
    pub scale: f32,
    /// whether code 3 occurs
    pub wide: bool,
    pub choice: Choice,
}

/// Codes in a lane layout and their scales (see [`Grouped`]).
pub(crate) struct Lanes {
    pub lines: Vec<Line>,
    pub scales: Vec<u16>,
    pub bits: Bits,
    pub rows: usize,
    pub k: usize,
    pub group: usize,
    /// whether activations are quantised per [`ACTIVATION_GROUP`] of K, not per token
    pub per_group: bool,
    /// multiplies the output
    pub gain: f32,
    /// whether code 3 occurs
    pub wide: bool,
    pub choice: Choice,
}

/// Sign bits (see [`Binary`]).
pub(crate) struct BinaryMatrix {
    pub lines: Vec<Line>,
    /// `[rows]`
    pub alpha: Vec<f32>,
    /// `[k]`
    pub threshold: Vec<f32>,
    pub choice: Choice,
}

/// Rows of int8 or int4 values with a scale each (see [`Int8`], [`Int4`]).
pub(crate) struct IntegerMatrix {
    pub lines: Vec<Line>,
    /// `[rows]`
    pub scales: Vec<f32>,
    pub k: usize,
    /// int8 or int4
    pub family: Family,
    pub choice: Choice,
}

/// A table of the vocabulary, `[vocab][k]`: the embedding, or the head where it is its own.
pub(crate) enum Embedding {
    /// as a linear
    Packed(Linear),
    /// f32, for diagnosis
    F32 { values: Vec<f32>, k: usize },
}

impl Linear {
    pub(crate) fn k(&self) -> usize {
        match self {
            Linear::Ternary(w) => w.k,
            Linear::Grouped(w) => w.k,
            Linear::Binary(w) => w.threshold.len(),
            Linear::Integer(w) => w.k,
        }
    }

    /// What serves this matrix.
    pub(crate) fn kernels(&self) -> (Family, Choice) {
        match self {
            Linear::Ternary(w) => (Family::Ternary, w.choice),
            Linear::Grouped(w) => (w.family(), w.choice),
            Linear::Binary(w) => (Family::Binary, w.choice),
            Linear::Integer(w) => (w.family, w.choice),
        }
    }

    /// Whether this matrix reads activations quantised per group.
    pub(crate) fn per_group(&self) -> bool {
        matches!(self, Linear::Grouped(Lanes { per_group: true, .. }))
    }

    /// The same matrix with its output multiplied by `gain` (GGUF's per-tensor `.scale`).
    pub(crate) fn with_gain(mut self, gain: f32) -> Self {
        match &mut self {
            Linear::Ternary(w) => w.scale *= gain,
            Linear::Grouped(w) => w.gain *= gain,
            Linear::Binary(BinaryMatrix { alpha: scales, .. }) | Linear::Integer(IntegerMatrix { scales, .. }) => {
                scales.iter_mut().for_each(|s| *s *= gain);
            }
        }
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Linear::Ternary(w) => bytes_of(&w.lines),
            Linear::Grouped(w) => bytes_of(&w.lines) + bytes_of(&w.scales),
            Linear::Binary(w) => bytes_of(&w.lines) + bytes_of(&w.alpha) + bytes_of(&w.threshold),
            Linear::Integer(w) => bytes_of(&w.lines) + bytes_of(&w.scales),
        }
    }
}

impl TernaryMatrix {
    pub(crate) fn view(&self) -> Ternary<'_> {
        Ternary::new(&self.lines, self.choice, (self.rows, self.k), self.scale, self.wide).expect("checked when loaded")
    }
}

impl Lanes {
    pub(crate) fn family(&self) -> Family {
        match self.bits {
            Bits::One => Family::OneBit,
            _ => Family::TwoBit,
        }
    }

    pub(crate) fn form(&self) -> Form {
        self.choice.form(self.bits)
    }

    /// Takes such blocks of a file.
    pub(crate) fn repack(&mut self, block: PackedBlock) -> Repack<'_> {
        let form = self.form();
        Repack { block, form, k: self.k, codes: bytes_mut(&mut self.lines), scales: &mut self.scales }
    }

    pub(crate) fn view(&self) -> Grouped<'_> {
        let size = (self.rows, self.k);
        let view = Grouped::new(&self.lines, &self.scales, self.choice, size, self.group, self.wide);
        view.expect("checked when loaded")
    }
}

impl BinaryMatrix {
    pub(crate) fn view(&self) -> Binary<'_> {
        Binary::new(&self.lines, self.choice, &self.alpha, self.threshold.len()).expect("checked when loaded")
    }
}

impl IntegerMatrix {
    pub(crate) fn int8(&self) -> Int8<'_> {
        Int8::new(&self.lines, self.choice, &self.scales, self.k).expect("checked when loaded")
    }

    pub(crate) fn int4(&self) -> Int4<'_> {
        Int4::new(&self.lines, self.choice, &self.scales, self.k).expect("checked when loaded")
    }

    fn row(&self, r: usize, out: &mut [f32]) {
        match self.family {
            Family::Int4 => self.int4().row(r, out),
            _ => self.int8().row(r, out),
        }
    }
}

impl Embedding {
    /// Writes row `r` as floats into `out` `[k]`.
    pub(crate) fn row(&self, r: usize, out: &mut [f32]) {
        match self {
            Embedding::Packed(Linear::Integer(w)) => w.row(r, out),
            Embedding::Packed(Linear::Ternary(w)) => w.view().row(r, out),
            Embedding::Packed(Linear::Grouped(w)) => w.view().row(r, out),
            Embedding::Packed(Linear::Binary(_)) => unreachable!("the loader keeps no binary rows"),
            Embedding::F32 { values, k } => out.copy_from_slice(&values[r * k..(r + 1) * k]),
        }
    }

    /// [`Linear::per_group`]
    pub(crate) fn per_group(&self) -> bool {
        matches!(self, Embedding::Packed(linear) if linear.per_group())
    }

    fn bytes(&self) -> usize {
        match self {
            Embedding::Packed(linear) => linear.bytes(),
            Embedding::F32 { values, .. } => bytes_of(values),
        }
    }
}

impl Weights {
    /// Bytes all tensors occupy.
    pub(crate) fn bytes(&self) -> usize {
        let tables = self.embedding.bytes() + self.output.as_ref().map_or(0, Embedding::bytes);
        tables
            + bytes_of(&self.output_norm)
            + bytes_of(&self.rope_factors)
            + self.layers.iter().map(Layer::bytes).sum::<usize>()
    }

    /// Whether any matrix reads activations quantised per group.
    pub(crate) fn per_group(&self) -> bool {
        let head = self.output.as_ref().unwrap_or(&self.embedding).per_group();
        head || self.layers.iter().any(|layer| layer.linears().iter().any(|w| w.per_group()))
    }
}

impl Layer {
    pub(crate) fn linears(&self) -> [&Linear; 7] {
        [&self.q, &self.k, &self.v, &self.output, &self.gate, &self.up, &self.down]
    }

    fn bytes(&self) -> usize {
        let norms =
            [&self.attn_norm, &self.q_norm, &self.k_norm, &self.attn_sub_norm, &self.ffn_norm, &self.ffn_sub_norm];
        norms.map(bytes_of).iter().sum::<usize>() + self.linears().map(Linear::bytes).iter().sum::<usize>()
    }
}
