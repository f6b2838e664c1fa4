//! Attention over each kind of cache, against sums written out from the words of DESIGN.md.

use std::vec;
use std::vec::Vec;

use super::case::{agree, Case};
use crate::attention::layout::{self, Depth, Side, BLOCK};
use crate::attention::scalar::Scalar;
use crate::attention::{attend, attend_f32, Active, CachedHead, Kernels, Query, Scratch};
use crate::math::{exp, lane_sum};

/// Keys or values as rows of whole numbers with a scale each.
struct Plain {
    depth: Depth,
    codes: Vec<Vec<i8>>,
    scales: Vec<f32>,
}

impl Case {
    /// `depth` `None` is the f32 cache; `rows` positions of head dim `k`.
    pub(super) fn attention(&self, depth: Option<Depth>, heads: usize) -> bool {
        let (t, d) = (self.rows, self.k);
        let mut draw = self.draw(3);
        let (q, k, v) = (draw.floats(heads * d), draw.floats(t * d), draw.floats(t * d));
        // Peaked enough that whole chunks fall under the smallest weight, then flat enough that all count.
        let scale = if self.seed == 1 { 0.25 } else { 0.002 };
        let Some(depth) = depth else {
            let naive = q.chunks_exact(d).flat_map(|q| naive_f32(q, &k, &v, scale));
            let spec = |y: &mut [f32]| with_scratch(heads, t, d, |s| attend_f32::<Scalar>(&q, &k, &v, scale, s, y));
            let variant = |y: &mut [f32]| with_scratch(heads, t, d, |s| attend_f32::<Active>(&q, &k, &v, scale, s, y));
            return agree(heads * d, naive, spec, variant);
        };
        let (k, v) = (Plain::new(depth, &k, d), Plain::new(depth, &v, d));
        let naive = q.chunks_exact(d).flat_map(|q| naive_quantised(q, &k, &v, scale));
        agree(heads * d, naive, |y| run::<Scalar>(&q, (&k, &v), scale, y), |y| run::<Active>(&q, (&k, &v), scale, y))
    }
}

/// [`attend`] over packed `k` and `v`, with room for more positions that hold what must not matter.
fn run<K: Kernels>(q: &[f32], (k, v): (&Plain, &Plain), scale: f32, y: &mut [f32]) {
    let (t, d) = (k.codes.len(), k.codes[0].len());
    let ((k_bytes, k_scales), (v_bytes, v_scales)) = (k.packed(Side::Keys), v.packed(Side::Values));
    let keys = CachedHead::new(k.depth, d, &k_bytes, &k_scales);
    if let (Some(keys), Some(values)) = (keys, CachedHead::new(v.depth, d, &v_bytes, &v_scales)) {
        with_scratch(q.len() / d, t, d, |s| attend::<K>(q, (keys, values), t, scale, s, y));
    }
}

fn with_scratch(heads: usize, len: usize, d: usize, f: impl FnOnce(&mut Scratch)) {
    let mut scores = vec![f32::NAN; heads * (layout::positions(len) + BLOCK)];
    let mut q16 = vec![77; heads * layout::width(d)];
    f(&mut Scratch { scores: &mut scores, q16: &mut q16, queries: &mut vec![Query::default(); heads] });
}

impl Plain {
    fn new(depth: Depth, x: &[f32], d: usize) -> Plain {
        let max = if depth == Depth::Eight { 127.0 } else { 7.0 };
        let (codes, scales) = x.chunks_exact(d).map(|x| rounded(x, max)).unzip();
        Plain { depth, codes, scales }
    }

    fn packed(&self, side: Side) -> (Vec<u8>, Vec<f32>) {
        let (len, d) = (self.codes.len(), self.codes[0].len());
        let room = layout::positions(len) + BLOCK;
        let mut bytes = vec![0x9c; room / BLOCK * self.depth.block_bytes(layout::width(d))];
        for (t, codes) in self.codes.iter().enumerate() {
            layout::put(side, self.depth, &mut bytes, t, codes);
        }
        let mut scales = self.scales.clone();
        scales.resize(room, f32::INFINITY);
        (bytes, scales)
    }
}

/// Whole numbers of at most `max` steps and the size of a step.
fn rounded<T: TryFrom<i32>>(x: &[f32], max: f32) -> (Vec<T>, f32) {
    let amax = x.iter().fold(1e-5f32, |m, x| m.max(x.abs()));
    let round = |x: &f32| T::try_from((x * (max / amax)).round_ties_even().clamp(-max, max) as i32).ok();
    (x.iter().filter_map(round).collect(), amax / max)
}

fn naive_quantised(q: &[f32], k: &Plain, v: &Plain, scale: f32) -> Vec<f32> {
    let (q, q_scale) = rounded::<i16>(q, 32767.0);
    let scores = k.codes.iter().zip(&k.scales).map(|(k, k_scale)| {
        let dot: i64 = q.iter().zip(k).map(|(q, k)| i64::from(*q) * i64::from(*k)).sum();
        dot as f32 * ((q_scale * k_scale) * scale)
    });
    let p = numerators(scores.collect());
    let w: Vec<f32> = p.iter().zip(&v.scales).map(|(p, a)| p * a).collect();
    let mut out = vec![0f32; q.len()];
    for (w, v) in w.chunks(256).zip(v.codes.chunks(256)) {
        let max = w.iter().fold(0f32, |m, w| m.max(*w));
        if max < 2f32.powi(-100) {
            continue;
        }
        let u: Vec<i64> = w.iter().map(|w| (w * (32767.0 / max)).round_ties_even() as i64).collect();
        for (d, out) in out.iter_mut().enumerate() {
            let sum: i64 = u.iter().zip(v).map(|(u, v)| u * i64::from(v[d])).sum();
            *out += sum as f32 * (max / 32767.0);
        }
    }
    let inverse = 1.0 / lane_sum(p.len(), |t| p[t]);
    out.iter().map(|o| o * inverse).collect()
}

fn naive_f32(q: &[f32], k: &[f32], v: &[f32], scale: f32) -> Vec<f32> {
    let d = q.len();
    let p = numerators(k.chunks_exact(d).map(|k| lane_sum(d, |i| q[i] * k[i]) * scale).collect());
    let inverse = 1.0 / lane_sum(p.len(), |t| p[t]);
    let sum = |d: usize, row: usize| p.iter().zip(v.chunks_exact(row)).fold(0f32, |sum, (p, v)| sum + p * v[d]);
    (0..d).map(|i| sum(i, d) * inverse).collect()
}

fn numerators(scores: Vec<f32>) -> Vec<f32> {
    let max = scores.iter().fold(f32::NEG_INFINITY, |m, s| m.max(*s));
    scores.iter().map(|s| exp(s - max)).collect()
}
