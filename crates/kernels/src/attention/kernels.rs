//! What a variant of attention computes, and on what.

use super::layout::{self, Depth, BLOCK};

/// Positions whose weights share one step of int16; part of the specification.
pub(crate) const CHUNK: usize = 256;

/// Most query heads that share one widening of a row.
pub(crate) const TILE: usize = 4;

/// Under this a chunk's largest weight rounds the chunk away: its reciprocal would leave f32.
pub(crate) const MIN_WEIGHT: f32 = f32::from_bits((127 - 100) << 23);

/// Keys or values of one KV head, quantised, in the layout of [`layout`].
#[derive(Clone, Copy)]
pub struct CachedHead<'a> {
    pub(crate) bytes: &'a [u8],
    /// `[positions]`
    pub(crate) scales: &'a [f32],
    pub(crate) depth: Depth,
    pub(crate) width: usize,
}

impl<'a> CachedHead<'a> {
    /// `None` if `bytes` and `scales` are not both of the same whole blocks of rows of `head_dim`.
    pub fn new(depth: Depth, head_dim: usize, bytes: &'a [u8], scales: &'a [f32]) -> Option<Self> {
        let width = layout::width(head_dim);
        let blocks = scales.len() / BLOCK;
        let whole = scales.len() % BLOCK == 0 && bytes.len() == blocks * depth.block_bytes(width);
        (head_dim > 0 && whole).then_some(CachedHead { bytes, scales, depth, width })
    }

    /// The blocks of positions `from..to`; `from` is a multiple of four.
    pub(crate) fn span(self, from: usize, to: usize) -> Self {
        let (first, last) = (from / BLOCK, to.div_ceil(BLOCK));
        let bytes = self.depth.block_bytes(self.width);
        CachedHead {
            bytes: &self.bytes[first * bytes..last * bytes],
            scales: &self.scales[first * BLOCK..last * BLOCK],
            ..self
        }
    }
}

/// A quantised query head: the scale of its int16 values, their sum, and later 1 / Σ p.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query {
    pub(crate) scale: f32,
    pub(crate) sum: i32,
    pub(crate) inverse: f32,
}

/// One variant of what attention does to a chunk of positions for the heads of a tile. Chunks begin at multiples of
/// [`CHUNK`]; `keys` and `values` are whole blocks, of which the last may hold positions past the end.
pub trait Kernels {
    /// `out[h][t] = float(Σ_d q[h][d]·k[t][d]) · ((a_q[h]·a_k[t])·scale)` for every position of `keys`, with `q`
    /// `[heads][width]` and `out` the scores of this chunk on, `stride` apart.
    fn scores(keys: CachedHead, q: &[i16], queries: &[Query], scale: f32, out: &mut [f32], stride: usize);

    /// Replaces scores by `exp(score − max)` and returns their lane sum.
    fn softmax(scores: &mut [f32]) -> f32;

    /// Weights `p[t]·a_v[t]` of a chunk as `u` of int16 steps, and the size of a step; 0 where all are too small.
    fn weights(p: &[f32], scales: &[f32], u: &mut [i16; CHUNK]) -> f32;

    /// `out[h][d] += float(Σ_t u[h][t]·v[t][d]) · steps[h]`, `out` `[heads][head_dim]`; `u` is 0 past the end.
    fn mix(values: CachedHead, u: &[[i16; CHUNK]], steps: &[f32], out: &mut [f32]);
}
