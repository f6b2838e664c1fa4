//! Attention of all query heads of one KV head over its cache (DESIGN.md, Attention).
//!
//! Every row of the cache is read from memory once for all of its query heads: positions go by in blocks of
//! [`CHUNK`], and a block that is in the nearest cache serves tiles of up to four heads.

pub mod layout;
pub mod quant;
pub mod scalar;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod simd128;

use layout::{Depth, BLOCK};

use crate::active::{axpy_f32, dot_f32};
use crate::quant::quantize16;

/// The attention kernels this build uses.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use scalar::Scalar as Active;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::Simd128 as Active;

/// Positions whose weights share one step of int16; part of the specification.
pub const CHUNK: usize = 256;

/// Most query heads that share one widening of a row.
pub const TILE: usize = 4;

/// Under this a chunk's largest weight rounds the chunk away: its reciprocal would leave f32.
pub(crate) const LEAST_WEIGHT: f32 = f32::from_bits((127 - 100) << 23);

/// Keys or values of one KV head, quantised, in the layout of [`layout`].
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub(crate) bytes: &'a [u8],
    /// `[positions]`
    pub(crate) scales: &'a [f32],
    pub(crate) depth: Depth,
    pub(crate) width: usize,
}

impl<'a> Rows<'a> {
    /// `None` if `bytes` and `scales` are not both of the same whole blocks of rows of `head_dim`.
    pub fn new(depth: Depth, head_dim: usize, bytes: &'a [u8], scales: &'a [f32]) -> Option<Self> {
        let width = layout::width(head_dim);
        let blocks = scales.len() / BLOCK;
        let whole = scales.len() % BLOCK == 0 && bytes.len() == blocks * depth.block_bytes(width);
        (head_dim > 0 && whole).then_some(Rows { bytes, scales, depth, width })
    }

    /// The blocks of positions `from..to`; `from` is a multiple of four.
    fn span(self, from: usize, to: usize) -> Self {
        let (first, last) = (from / BLOCK, to.div_ceil(BLOCK));
        let bytes = self.depth.block_bytes(self.width);
        Rows {
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

/// What attention writes on the way, owned by the caller.
pub struct Scratch<'a> {
    /// `[heads][≥ positions]`, both of quantised and f32 caches
    pub scores: &'a mut [f32],
    /// `[heads][width]`
    pub q16: &'a mut [i16],
    /// `[heads]`
    pub queries: &'a mut [Query],
}

/// One variant of what attention does to a chunk of positions for the heads of a tile. Chunks begin at multiples of
/// [`CHUNK`]; `keys` and `values` are whole blocks, of which the last may hold positions past the end.
pub trait Kernels {
    /// `out[h][t] = float(Σ_d q[h][d]·k[t][d]) · ((a_q[h]·a_k[t])·scale)` for every position of `keys`, with `q`
    /// `[heads][width]` and `out` the scores of this chunk on, `stride` apart.
    fn scores(keys: Rows, q: &[i16], queries: &[Query], scale: f32, out: &mut [f32], stride: usize);

    /// Replaces scores by `exp(score − max)` and returns their lane sum.
    fn softmax(scores: &mut [f32]) -> f32;

    /// Weights `p[t]·a_v[t]` of a chunk as `u` of int16 steps, and the size of a step; 0 where all are too small.
    fn weights(p: &[f32], scales: &[f32], u: &mut [i16; CHUNK]) -> f32;

    /// `out[h][d] += float(Σ_t u[h][t]·v[t][d]) · steps[h]`, `out` `[heads][head_dim]`; `u` is 0 past the end.
    fn mix(values: Rows, u: &[[i16; CHUNK]], steps: &[f32], out: &mut [f32]);
}

/// `out[h] = softmax(q[h]·K · scale)·V` over the first `len` positions; `q` and `out` are `[heads][head_dim]`.
pub fn attend<K: Kernels>(
    q: &[f32],
    (keys, values): (Rows, Rows),
    len: usize,
    scale: f32,
    s: &mut Scratch,
    out: &mut [f32],
) {
    let (heads, width) = (s.queries.len(), keys.width);
    let (stride, head_dim) = (s.scores.len() / heads, q.len() / heads);
    assert!(q.len() == out.len() && q.len() == heads * head_dim && layout::width(head_dim) == width);
    assert!(s.q16.len() == heads * width && 0 < len && layout::positions(len) <= stride && values.width == width);
    for ((q, q16), query) in q.chunks_exact(head_dim).zip(s.q16.chunks_exact_mut(width)).zip(&mut *s.queries) {
        q16[head_dim..].fill(0);
        (query.scale, query.sum) = quantize16(q, &mut q16[..head_dim]);
    }
    for from in (0..len).step_by(CHUNK) {
        let keys = keys.span(from, len.min(from + CHUNK));
        for (h, n) in tiles(heads) {
            let q16 = &s.q16[h * width..(h + n) * width];
            K::scores(keys, q16, &s.queries[h..h + n], scale, &mut s.scores[h * stride + from..], stride);
        }
    }
    s.softmax::<K>(len);
    out.fill(0.0);
    for from in (0..len).step_by(CHUNK) {
        let to = len.min(from + CHUNK);
        let values = values.span(from, to);
        for (h, n) in tiles(heads) {
            let (mut u, mut steps) = ([[0i16; CHUNK]; TILE], [0f32; TILE]);
            for i in 0..n {
                steps[i] = K::weights(&s.scores[(h + i) * stride..][from..to], values.scales, &mut u[i]);
            }
            K::mix(values, &u[..n], &steps[..n], &mut out[h * head_dim..(h + n) * head_dim]);
        }
    }
    s.divide(out);
}

/// [`attend`] over an f32 cache: `k`, `v` `[len][head_dim]`; `q16` is unused.
pub fn attend_f32<K: Kernels>(q: &[f32], k: &[f32], v: &[f32], scale: f32, s: &mut Scratch, out: &mut [f32]) {
    let heads = s.queries.len();
    let (stride, head_dim) = (s.scores.len() / heads, q.len() / heads);
    let len = k.len() / head_dim;
    assert!(q.len() == out.len() && 0 < len && len <= stride && k.len() == v.len());
    for (t, k) in k.chunks_exact(head_dim).enumerate() {
        for (h, q) in q.chunks_exact(head_dim).enumerate() {
            s.scores[h * stride + t] = dot_f32(q, k) * scale;
        }
    }
    s.softmax::<K>(len);
    out.fill(0.0);
    for (t, v) in v.chunks_exact(head_dim).enumerate() {
        for (h, out) in out.chunks_exact_mut(head_dim).enumerate() {
            axpy_f32(out, s.scores[h * stride + t], v);
        }
    }
    s.divide(out);
}

impl Scratch<'_> {
    /// Numerators of the first `len` scores of every head, and 1 over their sum.
    fn softmax<K: Kernels>(&mut self, len: usize) {
        let stride = self.scores.len() / self.queries.len();
        for (scores, query) in self.scores.chunks_exact_mut(stride).zip(&mut *self.queries) {
            query.inverse = 1.0 / K::softmax(&mut scores[..len]);
        }
    }

    fn divide(&self, out: &mut [f32]) {
        for (out, query) in out.chunks_exact_mut(out.len() / self.queries.len()).zip(&*self.queries) {
            out.iter_mut().for_each(|o| *o *= query.inverse);
        }
    }
}

/// (first head, heads) of tiles of 4, then 2, then 1.
fn tiles(heads: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut first = 0;
    core::iter::from_fn(move || {
        let n = match heads - first {
            0 => return None,
            1 => 1,
            2 | 3 => 2,
            _ => TILE,
        };
        first += n;
        Some((first - n, n))
    })
}
