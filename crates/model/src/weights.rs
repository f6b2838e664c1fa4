//! Weights in the layouts the kernels read, each matrix checked when it was built.

use alloc::vec::Vec;

use pocketbit_kernels::active;
use pocketbit_kernels::line::Line;
use pocketbit_kernels::matrix::{
    Activation, Binary, BinaryActivation, Bits, Grouped, GroupedActivation, Int8Rows, Ternary,
};
use pocketbit_kernels::quant::binarize;
use pocketbit_kernels::scalar::dot_f32;

use crate::memory::bytes_of;

/// All tensors of a model.
pub(crate) struct Weights {
    /// `[vocab][dim]`
    pub embedding: Rows,
    /// `[vocab][dim]`, `None` where the embedding is the head
    pub output: Option<Rows>,
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
    Ternary { lines: Vec<Line>, rows: usize, k: usize, scale: f32 },
    /// one or two bits, a scale per group
    Grouped(Lanes),
    /// W1A1; `alpha` `[rows]`, `threshold` `[k]`
    Binary { lines: Vec<Line>, alpha: Vec<f32>, threshold: Vec<f32> },
    /// int8 rows; `scales` `[rows]`
    Int8 { lines: Vec<Line>, scales: Vec<f32>, k: usize },
}

/// Row-lane codes and their scales (see [`Grouped`]).
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
}

/// Embedding or head rows `[rows][k]`.
pub(crate) enum Rows {
    /// as a linear
    Packed(Linear),
    /// f32, for diagnosis
    F32 { values: Vec<f32>, k: usize },
}

/// K that shares an activation scale for Q1_0 and Q2_0 weights.
pub(crate) const ACTIVATION_GROUP: usize = 128;

/// One row on its way into a linear: floats and both int8 forms.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    /// `[k]`
    pub x: &'a [f32],
    /// one scale
    pub int8: Activation<'a>,
    /// a scale per [`ACTIVATION_GROUP`]: values `[k]`, scales `[k / 128 rounded up]`
    pub grouped: (&'a [i8], &'a [f32]),
}

/// Room for what a linear derives from its input.
pub(crate) struct Scratch {
    /// `[≥ k / 8]`
    pub bits: Vec<u8>,
    /// `[≥ k / 32]`
    pub scales: Vec<f32>,
    pub sums: Vec<i32>,
}

impl Linear {
    /// `y = W · input`, `y` `[rows]`.
    pub(crate) fn apply(&self, input: Input, scratch: &mut Scratch, y: &mut [f32]) {
        match self {
            Linear::Ternary { .. } => active::gemv_w158a8(&self.ternary(), input.int8, y),
            Linear::Grouped(lanes) => lanes.apply(input, scratch, y),
            Linear::Binary { lines, alpha, threshold } => {
                let w = Binary::new(lines, alpha, threshold.len()).expect("checked when loaded");
                let bits = &mut scratch.bits[..threshold.len() / 8];
                let beta = binarize(input.x, threshold, bits);
                active::gemv_w1a1(&w, BinaryActivation { bits, beta }, y);
            }
            Linear::Int8 { .. } => active::gemv_i8a8(&self.int8(), input.int8, y),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Linear::Ternary { rows, .. } => *rows,
            Linear::Grouped(lanes) => lanes.rows,
            Linear::Binary { alpha, .. } => alpha.len(),
            Linear::Int8 { scales, .. } => scales.len(),
        }
    }

    /// Whether this matrix reads activations quantised per group.
    pub(crate) fn per_group(&self) -> bool {
        matches!(self, Linear::Grouped(Lanes { per_group: true, .. }))
    }

    /// The same matrix with its output multiplied by `gain` (GGUF's per-tensor `.scale`).
    pub(crate) fn with_gain(mut self, gain: f32) -> Self {
        match &mut self {
            Linear::Ternary { scale, .. } => *scale *= gain,
            Linear::Grouped(lanes) => lanes.gain *= gain,
            Linear::Binary { alpha: scales, .. } | Linear::Int8 { scales, .. } => {
                scales.iter_mut().for_each(|s| *s *= gain);
            }
        }
        self
    }

    fn ternary(&self) -> Ternary<'_> {
        let Linear::Ternary { lines, rows, k, scale } = self else { unreachable!("only asked of ternary matrices") };
        Ternary::new(lines, *rows, *k, *scale).expect("checked when loaded")
    }

    fn int8(&self) -> Int8Rows<'_> {
        let Linear::Int8 { lines, scales, k } = self else { unreachable!("only asked of int8 matrices") };
        Int8Rows::new(lines, scales, *k).expect("checked when loaded")
    }

    fn bytes(&self) -> usize {
        match self {
            Linear::Ternary { lines, .. } => bytes_of(lines),
            Linear::Grouped(lanes) => bytes_of(&lanes.lines) + bytes_of(&lanes.scales),
            Linear::Binary { lines, alpha, threshold } => bytes_of(lines) + bytes_of(alpha) + bytes_of(threshold),
            Linear::Int8 { lines, scales, .. } => bytes_of(lines) + bytes_of(scales),
        }
    }
}

impl Lanes {
    fn view(&self) -> Grouped<'_> {
        let size = (self.rows, self.k);
        Grouped::new(&self.lines, &self.scales, self.bits, size, self.group).expect("checked when loaded")
    }

    fn apply(&self, input: Input, scratch: &mut Scratch, y: &mut [f32]) {
        let groups = self.k / self.group;
        let (scales, sums) = (&mut scratch.scales[..groups], &mut scratch.sums[..groups]);
        let q = if self.per_group { input.grouped.0 } else { input.int8.q };
        for (g, (scale, sum)) in scales.iter_mut().zip(sums.iter_mut()).enumerate() {
            let at = g * self.group;
            let step = if self.per_group { input.grouped.1[at / ACTIVATION_GROUP] } else { input.int8.scale };
            *scale = step * self.gain;
            *sum = q[at..at + self.group].iter().map(|q| i32::from(*q)).sum();
        }
        let x = GroupedActivation { q, scales, sums };
        match self.bits {
            Bits::One => active::gemv_q1a8(&self.view(), x, y),
            Bits::Two => active::gemv_q2a8(&self.view(), x, y),
        }
    }
}

impl Rows {
    /// Writes row `r` as floats into `out` `[k]`.
    pub(crate) fn row(&self, r: usize, out: &mut [f32]) {
        match self {
            Rows::Packed(linear @ Linear::Int8 { .. }) => linear.int8().row(r, out),
            Rows::Packed(linear @ Linear::Ternary { .. }) => linear.ternary().row(r, out),
            Rows::Packed(Linear::Grouped(lanes)) => lanes.view().row(r, out),
            Rows::Packed(Linear::Binary { .. }) => unreachable!("the loader keeps no binary rows"),
            Rows::F32 { values, k } => out.copy_from_slice(&values[r * k..(r + 1) * k]),
        }
    }

    /// `y = rows · input`, `y` `[rows]`.
    pub(crate) fn apply(&self, input: Input, scratch: &mut Scratch, y: &mut [f32]) {
        match self {
            Rows::Packed(linear) => linear.apply(input, scratch, y),
            Rows::F32 { values, k } => {
                for (y, row) in y.iter_mut().zip(values.chunks_exact(*k)) {
                    *y = dot_f32(row, input.x);
                }
            }
        }
    }

    /// [`Linear::per_group`]
    pub(crate) fn per_group(&self) -> bool {
        matches!(self, Rows::Packed(linear) if linear.per_group())
    }

    fn bytes(&self) -> usize {
        match self {
            Rows::Packed(linear) => linear.bytes(),
            Rows::F32 { values, .. } => bytes_of(values),
        }
    }
}

impl Weights {
    /// Bytes all tensors occupy.
    pub(crate) fn bytes(&self) -> usize {
        let rows = self.embedding.bytes() + self.output.as_ref().map_or(0, Rows::bytes);
        rows + bytes_of(&self.output_norm)
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
    fn linears(&self) -> [&Linear; 7] {
        [&self.q, &self.k, &self.v, &self.output, &self.gate, &self.up, &self.down]
    }

    fn bytes(&self) -> usize {
        let norms =
            [&self.attn_norm, &self.q_norm, &self.k_norm, &self.attn_sub_norm, &self.ffn_norm, &self.ffn_sub_norm];
        norms.map(bytes_of).iter().sum::<usize>() + self.linears().map(Linear::bytes).iter().sum::<usize>()
    }
}
