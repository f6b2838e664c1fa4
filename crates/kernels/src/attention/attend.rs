//! Attention chunk by chunk.
//!
//! Every row of the cache is read from memory once for all of its query heads: positions go by in blocks of
//! [`CHUNK`], and a block that is in the nearest cache serves tiles of up to four heads.

use super::kernels::{CachedHead, Kernels, Query, CHUNK, TILE};
use super::layout;
use crate::active::{axpy_f32, dot_f32};
use crate::quant::quantize16;

/// What attention writes on the way, owned by the caller.
pub struct Scratch<'a> {
    /// `[heads][≥ positions]`, both of quantised and f32 caches
    pub scores: &'a mut [f32],
    /// `[heads][width]`
    pub q16: &'a mut [i16],
    /// `[heads]`
    pub queries: &'a mut [Query],
}

/// `out[h] = softmax(q[h]·K · scale)·V` over the first `len` positions; `q` and `out` are `[heads][head_dim]`.
pub fn attend<K: Kernels>(
    q: &[f32],
    (keys, values): (CachedHead, CachedHead),
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
