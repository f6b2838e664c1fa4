//! Single-head attention over a cache, in f32 and int8.

use crate::active::{axpy_f32, axpy_i8, dot_f32, dot_i8};
use crate::math::{exp, lane_sum, max};
use crate::matrix::Activation;

/// One head of an int8 cache: `t` rows of `head_dim` values, a scale a row.
#[derive(Clone, Copy)]
pub struct Int8Cache<'a> {
    /// `[t][head_dim]`
    pub values: &'a [i8],
    /// `[t]`
    pub scales: &'a [f32],
}

/// `out = softmax(q·K / √d)·V` with `q`, `out` `[head_dim]`, `k`, `v` `[t][head_dim]`, `scores` scratch `[t]`,
/// `inv_sqrt` = 1/√head_dim.
pub fn attend_f32(q: &[f32], k: &[f32], v: &[f32], inv_sqrt: f32, scores: &mut [f32], out: &mut [f32]) {
    for (score, k) in scores.iter_mut().zip(k.chunks_exact(q.len())) {
        *score = dot_f32(q, k) * inv_sqrt;
    }
    let total = softmax_numerators(scores);
    out.fill(0.0);
    for (p, v) in scores.iter().zip(v.chunks_exact(out.len())) {
        axpy_f32(out, *p, v);
    }
    scale(out, 1.0 / total);
}

/// [`attend_f32`] over an int8 cache; `q` is quantised by the caller.
pub fn attend_i8(q: Activation, k: Int8Cache, v: Int8Cache, inv_sqrt: f32, scores: &mut [f32], out: &mut [f32]) {
    let rows = k.values.chunks_exact(q.q.len()).zip(k.scales);
    for (score, (k, k_scale)) in scores.iter_mut().zip(rows) {
        *score = dot_i8(q.q, k) as f32 * ((q.scale * k_scale) * inv_sqrt);
    }
    let total = softmax_numerators(scores);
    out.fill(0.0);
    for (p, (v, v_scale)) in scores.iter().zip(v.values.chunks_exact(out.len()).zip(v.scales)) {
        axpy_i8(out, p * v_scale, v);
    }
    scale(out, 1.0 / total);
}

/// Replaces scores by `exp(score − max)` and returns their lane sum.
fn softmax_numerators(scores: &mut [f32]) -> f32 {
    let max = max(scores);
    for s in scores.iter_mut() {
        *s = exp(*s - max);
    }
    lane_sum(scores.len(), |i| scores[i])
}

fn scale(out: &mut [f32], factor: f32) {
    for o in out {
        *o *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_position_returns_its_value_row() {
        let (q, v) = ([1.0f32, -2.0], [0.5f32, 4.0]);
        let (mut scores, mut out) = ([0f32; 1], [0f32; 2]);
        attend_f32(&q, &[3.0, 3.0], &v, 0.7, &mut scores, &mut out);
        assert_eq!(out, v);
    }

    #[test]
    fn equal_keys_average_the_values() {
        let (mut scores, mut out) = ([0f32; 2], [0f32; 2]);
        let q = Activation { q: &[5, 7], scale: 0.1, sum: 12 };
        let k = Int8Cache { values: &[1, 2, 1, 2], scales: &[0.5, 0.5] };
        let v = Int8Cache { values: &[10, 0, 0, 20], scales: &[1.0, 1.0] };
        attend_i8(q, k, v, 0.7, &mut scores, &mut out);
        assert_eq!(out, [5.0, 10.0]);
    }
}
