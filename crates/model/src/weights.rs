//! Weights in the layouts the kernels read, each matrix checked when it was built.

use alloc::vec::Vec;

use pocketbit_kernels::active;
use pocketbit_kernels::line::Line;
use pocketbit_kernels::matrix::{Activation, Binary, BinaryActivation, Int8Rows, Ternary};
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

/// A low-bit matrix `[rows][k]`.
pub(crate) enum Linear {
    /// W1.58A8
    Ternary { lines: Vec<Line>, rows: usize, k: usize, scale: f32 },
    /// W1A1; `alpha` `[rows]`, `threshold` `[k]`
    Binary { lines: Vec<Line>, alpha: Vec<f32>, threshold: Vec<f32> },
}

/// Embedding or head rows `[rows][k]`.
pub(crate) enum Rows {
    /// int8 with a scale a row
    Int8 { lines: Vec<Line>, scales: Vec<f32>, k: usize },
    /// f32
    F32 { values: Vec<f32>, k: usize },
}

/// One row on its way into a linear: floats and, for W·A8, their int8 form.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    /// `[k]`
    pub x: &'a [f32],
    pub int8: Activation<'a>,
}

impl Linear {
    /// `y = W · input`, `y` `[rows]`; `bits` scratch `[≥ k / 8]`.
    pub(crate) fn apply(&self, input: Input, bits: &mut [u8], y: &mut [f32]) {
        match self {
            Linear::Ternary { lines, rows, k, scale } => {
                let w = Ternary::new(lines, *rows, *k, *scale).expect("checked when loaded");
                active::gemv_w158a8(&w, input.int8, y);
            }
            Linear::Binary { lines, alpha, threshold } => {
                let w = Binary::new(lines, alpha, threshold.len()).expect("checked when loaded");
                let bits = &mut bits[..threshold.len() / 8];
                let beta = binarize(input.x, threshold, bits);
                active::gemv_w1a1(&w, BinaryActivation { bits, beta }, y);
            }
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Linear::Ternary { rows, .. } => *rows,
            Linear::Binary { alpha, .. } => alpha.len(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Linear::Ternary { lines, .. } => bytes_of(lines),
            Linear::Binary { lines, alpha, threshold } => bytes_of(lines) + bytes_of(alpha) + bytes_of(threshold),
        }
    }
}

impl Rows {
    /// Writes row `r` as floats into `out` `[k]`.
    pub(crate) fn row(&self, r: usize, out: &mut [f32]) {
        match self {
            Rows::Int8 { lines, scales, k } => {
                Int8Rows::new(lines, scales, *k).expect("checked when loaded").row(r, out);
            }
            Rows::F32 { values, k } => out.copy_from_slice(&values[r * k..(r + 1) * k]),
        }
    }

    /// `y = rows · input`, `y` `[rows]`.
    pub(crate) fn apply(&self, input: Input, y: &mut [f32]) {
        match self {
            Rows::Int8 { lines, scales, k } => {
                let w = Int8Rows::new(lines, scales, *k).expect("checked when loaded");
                active::gemv_i8a8(&w, input.int8, y);
            }
            Rows::F32 { values, k } => {
                for (y, row) in y.iter_mut().zip(values.chunks_exact(*k)) {
                    *y = dot_f32(row, input.x);
                }
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Rows::Int8 { lines, scales, .. } => bytes_of(lines) + bytes_of(scales),
            Rows::F32 { values, .. } => bytes_of(values),
        }
    }
}

impl Weights {
    /// Bytes all tensors occupy.
    pub(crate) fn bytes(&self) -> usize {
        let rows = self.embedding.bytes() + self.output.as_ref().map_or(0, Rows::bytes);
        rows + bytes_of(&self.output_norm) + self.layers.iter().map(Layer::bytes).sum::<usize>()
    }
}

impl Layer {
    fn bytes(&self) -> usize {
        let norms = [&self.attn_norm, &self.attn_sub_norm, &self.ffn_norm, &self.ffn_sub_norm];
        let linears = [&self.q, &self.k, &self.v, &self.output, &self.gate, &self.up, &self.down];
        norms.map(bytes_of).iter().sum::<usize>() + linears.map(Linear::bytes).iter().sum::<usize>()
    }
}
