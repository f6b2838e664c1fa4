//! The specification. Slow where it can be obvious; every other variant must give these very bits.

use crate::activation::Activation;
use crate::format::layout::{BitRows, Bits, Quads, INT8_STEP, LANE_ROWS, STEP_BYTES, TERNARY_STEP};
use crate::math::{f16_to_f32, lane_sum, round_even};
use crate::matrix::{Binary, Grouped, Int4, Int8, Ternary};

/// `y[r] = float(Σₖ w[r][k]·q[k]) · (scale_w · scale_x)`; `y` is `[rows]`. Ternary weights.
#[inline(never)]
pub fn gemv_ternary(codes: Quads, w: &Ternary, x: Activation, y: &mut [f32]) {
    assert!(x.q.len() == w.k && y.len() == w.rows);
    let factor = w.scale * x.scales[0];
    let block_bytes = w.k / TERNARY_STEP * STEP_BYTES;
    for (codes, y) in codes.0.chunks_exact(block_bytes).zip(y.chunks_mut(LANE_ROWS)) {
        let acc = block_sums::<4>(codes, x.q);
        for (y, acc) in y.iter_mut().zip(acc) {
            *y = (acc - x.sums[0]) as f32 * factor;
        }
    }
}

/// Code sums of one 32-row block: `Σₖ code·q`, `PLANES` codes a byte.
fn block_sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> [i32; LANE_ROWS] {
    let mut acc = [0i32; LANE_ROWS];
    let bits = 8 / PLANES;
    for (step, q) in codes.chunks_exact(STEP_BYTES).zip(q.chunks_exact(4 * PLANES)) {
        for (quad, acc) in step.chunks_exact(4).zip(&mut acc) {
            for (kk, &byte) in quad.iter().enumerate() {
                for p in 0..PLANES {
                    *acc += i32::from(byte >> (bits * p) & ((1 << bits) - 1)) * i32::from(q[4 * p + kk]);
                }
            }
        }
    }
    acc
}

/// `y[r] = Σ_g float(Σ_{k in g} w[r][k]·q[k]) · (scale_w[r][g] · scale_x[g])`, groups added in ascending order; `y` is
/// `[rows]`. Signs with a scale per group (Q1_0).
#[inline(never)]
pub fn gemv_one_bit(codes: Quads, w: &Grouped, x: Activation, y: &mut [f32]) {
    w.check(Bits::One, x, y);
    groups::<8, 2>(codes, w, x, y);
}

/// [`gemv_one_bit`] for two-bit codes −1..=2 (Q2_0, TQ* with varying scales).
#[inline(never)]
pub fn gemv_two_bit(codes: Quads, w: &Grouped, x: Activation, y: &mut [f32]) {
    w.check(Bits::Two, x, y);
    groups::<4, 1>(codes, w, x, y);
}

/// A weight is `SPREAD · code − 1`.
fn groups<const PLANES: usize, const SPREAD: i32>(codes: Quads, w: &Grouped, x: Activation, y: &mut [f32]) {
    let groups = w.k / w.group;
    let group_bytes = w.group * LANE_ROWS / PLANES;
    let blocks = codes.0.chunks_exact(groups * group_bytes).zip(w.scales.chunks_exact(groups * LANE_ROWS));
    for ((codes, scales), y) in blocks.zip(y.chunks_mut(LANE_ROWS)) {
        y.fill(0.0);
        for g in 0..groups {
            let acc = block_sums::<PLANES>(&codes[g * group_bytes..][..group_bytes], &x.q[g * w.group..][..w.group]);
            for ((y, acc), scale) in y.iter_mut().zip(acc).zip(&scales[g * LANE_ROWS..]) {
                *y += (SPREAD * acc - x.sums[g]) as f32 * (f16_to_f32(*scale) * x.scales[g]);
            }
        }
    }
}

/// `y[r] = float(K − 2·popcount(w[r] xor x)) · (alpha[r] · beta)`; `y` is `[rows]`. Binary weights and activations.
#[inline(never)]
pub fn gemv_binary(rows: BitRows, w: &Binary, bits: &[u8], beta: f32, y: &mut [f32]) {
    assert!(bits.len() * 8 == w.k && y.len() == w.alpha.len());
    for ((row, alpha), y) in rows.0.chunks_exact(w.k / 8).zip(w.alpha).zip(y) {
        let unlike: u32 = row.iter().zip(bits).map(|(w, x)| (w ^ x).count_ones()).sum();
        *y = (w.k as i32 - 2 * unlike as i32) as f32 * (alpha * beta);
    }
}

/// `y[r] = float(Σₖ w[r][k]·q[k]) · (scale_w[r] · scale_x)`; `y` is `[rows]`. The int8 head.
#[inline(never)]
pub fn gemv_int8(w: &Int8, x: Activation, y: &mut [f32]) {
    assert!(x.q.len() == w.k && y.len() == w.scales.len());
    for ((row, scale), y) in w.values.chunks_exact(w.k).zip(w.scales).zip(y) {
        *y = dot_i8(row, x.q) as f32 * (scale * x.scales[0]);
    }
}

/// `y[r] = float(Σₖ w[r][k]·q[k]) · (scale_w[r] · scale_x)`; `y` is `[rows]`. The int4 head.
#[inline(never)]
pub fn gemv_int4(w: &Int4, x: Activation, y: &mut [f32]) {
    assert!(x.q.len() == w.k && y.len() == w.scales.len());
    let block_bytes = w.k / INT8_STEP * 2 * STEP_BYTES;
    let blocks = w.codes.chunks_exact(block_bytes).zip(w.scales.chunks(LANE_ROWS));
    for ((codes, scales), y) in blocks.zip(y.chunks_mut(LANE_ROWS)) {
        for ((y, acc), scale) in y.iter_mut().zip(block_sums::<2>(codes, x.q)).zip(scales) {
            *y = (acc - 8 * x.sums[0]) as f32 * (scale * x.scales[0]);
        }
    }
}

/// Lane sum of `a[i]·b[i]`.
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() == b.len());
    lane_sum(a.len(), |i| a[i] * b[i])
}

/// `Σ a[i]·b[i]`, exact for values in −127..=127 and lengths under 2¹⁷.
pub fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    assert!(a.len() == b.len());
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// `out[i] += p · v[i]`
pub fn axpy_f32(out: &mut [f32], p: f32, v: &[f32]) {
    assert!(out.len() == v.len());
    for (o, v) in out.iter_mut().zip(v) {
        *o += p * v;
    }
}

pub use crate::math::abs_max;

/// `q[i] = clamp(rne(x[i]·step), ±127)`, 0 where x·step is NaN; returns Σ q.
pub fn round_row(x: &[f32], step: f32, q: &mut [i8]) -> i32 {
    assert!(x.len() == q.len());
    x.iter().zip(q).fold(0, |sum, (x, q)| {
        *q = rounded(*x, step, 127) as i8;
        sum + i32::from(*q)
    })
}

/// [`round_row`] to ±32767.
pub fn round_row16(x: &[f32], step: f32, q: &mut [i16]) -> i32 {
    assert!(x.len() == q.len());
    x.iter().zip(q).fold(0, |sum, (x, q)| {
        *q = rounded(*x, step, 32767) as i16;
        sum + i32::from(*q)
    })
}

fn rounded(x: f32, step: f32, max: i32) -> i32 {
    (round_even(x * step) as i32).clamp(-max, max)
}

/// Writes bit `x[k] − threshold[k] ≥ 0` into `bits` `[k / 8]` and returns the lane sum of |x − threshold|.
pub fn sign_bits(x: &[f32], threshold: &[f32], bits: &mut [u8]) -> f32 {
    assert!(x.len() == threshold.len() && bits.len() * 8 == x.len());
    for (byte, (x, t)) in bits.iter_mut().zip(x.chunks_exact(8).zip(threshold.chunks_exact(8))) {
        *byte = (0..8).fold(0, |byte, i| byte | u8::from(x[i] - t[i] >= 0.0) << i);
    }
    lane_sum(x.len(), |k| (x[k] - threshold[k]).abs())
}
