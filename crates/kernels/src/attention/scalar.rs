//! The specification of [`Kernels`].

use super::kernels::{CachedHead, Kernels, Query, CHUNK, MIN_WEIGHT};
use super::layout::{code_at, Side, BLOCK};
use crate::math::{exp, lane_sum, max, round_even};

/// The scalar variant.
pub struct Scalar;

impl Kernels for Scalar {
    fn scores(keys: CachedHead, q: &[i16], queries: &[Query], scale: f32, out: &mut [f32], stride: usize) {
        for (h, (q, query)) in q.chunks_exact(keys.width).zip(queries).enumerate() {
            for (t, key_scale) in keys.scales.iter().enumerate() {
                let acc: i32 = (0..keys.width).map(|d| i32::from(q[d]) * keys.code(Side::Keys, t, d)).sum();
                out[h * stride + t] = acc as f32 * ((query.scale * key_scale) * scale);
            }
        }
    }

    fn softmax(scores: &mut [f32]) -> f32 {
        let max = max(scores);
        for s in scores.iter_mut() {
            *s = exp(*s - max);
        }
        lane_sum(scores.len(), |i| scores[i])
    }

    fn weights(p: &[f32], scales: &[f32], u: &mut [i16; CHUNK]) -> f32 {
        // Neither factor is negative: bits order as floats do.
        let max = f32::from_bits(p.iter().zip(scales).map(|(p, a)| (p * a).to_bits()).fold(0, Ord::max));
        if max.to_bits() < MIN_WEIGHT.to_bits() {
            return 0.0;
        }
        let step = 32767.0 / max;
        for ((u, p), a) in u.iter_mut().zip(p).zip(scales) {
            *u = (round_even((p * a) * step) as i32).clamp(-32768, 32767) as i16;
        }
        max / 32767.0
    }

    fn mix(values: CachedHead, u: &[[i16; CHUNK]], steps: &[f32], out: &mut [f32]) {
        let head_dim = out.len() / u.len();
        for ((u, step), out) in u.iter().zip(steps).zip(out.chunks_exact_mut(head_dim)) {
            for (d, out) in out.iter_mut().enumerate() {
                let rows = 0..values.scales.len();
                let acc: i32 = rows.map(|t| i32::from(u[t]) * values.code(Side::Values, t, d)).sum();
                *out += acc as f32 * step;
            }
        }
    }
}

impl CachedHead<'_> {
    fn code(&self, side: Side, t: usize, d: usize) -> i32 {
        let bytes = self.depth.block_bytes(self.width);
        let block = &self.bytes[t / BLOCK * bytes..][..bytes];
        i32::from(code_at(side, self.depth, block, self.width, t % BLOCK, d))
    }
}
