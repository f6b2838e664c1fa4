//! Dot products, sums and attention.

use std::vec;
use std::vec::Vec;

use super::{agree, Case};
use crate::attention::{attend_f32, attend_i8, Int8Cache};
use crate::math::{exp, lane_sum};
use crate::matrix::Activation;
use crate::{active, quant, scalar};

impl Case {
    pub(super) fn vector(&self) -> bool {
        let (mut left, mut right) = (self.draw(1), self.draw(2));
        let (a, b) = (left.floats(self.k), right.floats(self.k));
        let qa: Vec<i8> = (0..self.k).map(|i| left.int8(i, true)).collect();
        let qb: Vec<i8> = (0..self.k).map(|i| right.int8(i, false)).collect();
        let exact: i32 = qa.iter().zip(&qb).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        active::dot_f32(&a, &b).to_bits() == lane_sum(self.k, |i| a[i] * b[i]).to_bits()
            && active::dot_i8(&qa, &qb) == exact
            && agree(
                self.k,
                (0..self.k).map(|i| a[i] + 0.3 * b[i]),
                from(&a, |y| scalar::axpy_f32(y, 0.3, &b)),
                from(&a, |y| active::axpy_f32(y, 0.3, &b)),
            )
            && agree(
                self.k,
                (0..self.k).map(|i| a[i] + 0.3 * f32::from(qb[i])),
                from(&a, |y| scalar::axpy_i8(y, 0.3, &qb)),
                from(&a, |y| active::axpy_i8(y, 0.3, &qb)),
            )
    }

    pub(super) fn attention(&self) -> bool {
        let (t, d) = (self.rows, self.k);
        let mut draw = self.draw(3);
        let (q, k, v) = (draw.floats(d), draw.floats(t * d), draw.floats(t * d));
        let inv_sqrt = 0.25;
        let naive = naive_attention(&v, d, (0..t).map(|r| lane_sum(d, |i| q[i] * k[r * d + i]) * inv_sqrt).collect());
        let run = |y: &mut [f32]| attend_f32(&q, &k, &v, inv_sqrt, &mut vec![0.0; t], y);
        agree(d, naive.into_iter(), run, run) && self.attention_i8(&q, &k, &v)
    }

    fn attention_i8(&self, q: &[f32], k: &[f32], v: &[f32]) -> bool {
        let (t, d) = (self.rows, self.k);
        let ((q8, q_scale), (k8, k_scale), (v8, v_scale)) = (int8_cache(q, d), int8_cache(k, d), int8_cache(v, d));
        let x = Activation { q: &q8, scale: q_scale[0], sum: 0 };
        let scores = (0..t).map(|r| {
            let dot: i32 = (0..d).map(|i| i32::from(q8[i]) * i32::from(k8[r * d + i])).sum();
            dot as f32 * ((q_scale[0] * k_scale[r]) * 0.25)
        });
        let p = numerators(scores.collect());
        let total = lane_sum(t, |r| p[r]);
        let naive = (0..d)
            .map(|i| (0..t).fold(0f32, |sum, r| sum + (p[r] * v_scale[r]) * f32::from(v8[r * d + i])) * (1.0 / total));
        let (k, v) = (Int8Cache { values: &k8, scales: &k_scale }, Int8Cache { values: &v8, scales: &v_scale });
        let run = |y: &mut [f32]| attend_i8(x, k, v, 0.25, &mut vec![0.0; t], y);
        agree(d, naive, run, run)
    }
}

fn numerators(scores: Vec<f32>) -> Vec<f32> {
    let max = scores.iter().fold(f32::NEG_INFINITY, |m, s| m.max(*s));
    scores.iter().map(|s| exp(s - max)).collect()
}

fn naive_attention(v: &[f32], d: usize, scores: Vec<f32>) -> Vec<f32> {
    let p = numerators(scores);
    let total = lane_sum(p.len(), |r| p[r]);
    (0..d).map(|i| p.iter().enumerate().fold(0f32, |sum, (r, p)| sum + p * v[r * d + i]) * (1.0 / total)).collect()
}

fn int8_cache(x: &[f32], d: usize) -> (Vec<i8>, Vec<f32>) {
    let mut q = vec![0i8; x.len()];
    let scales = x.chunks_exact(d).zip(q.chunks_exact_mut(d)).map(|(x, q)| quant::quantize(x, q).0).collect();
    (q, scales)
}

fn from<'a>(start: &'a [f32], f: impl Fn(&mut [f32]) + 'a) -> impl Fn(&mut [f32]) + 'a {
    move |y| {
        y.copy_from_slice(start);
        f(y);
    }
}
