//! Float and int8 operations in SIMD128, each lane as [`crate::math`] has it. Float sums keep the scalar lane order.

use core::arch::wasm32::*;

use super::memory::{lanes, load, store};
use crate::math::{self, LANES};
use crate::scalar;

/// [`math::ordered`] and its inverse.
#[inline(always)]
fn ordered(x: v128) -> v128 {
    v128_xor(x, u32x4_shr(i32x4_shr(x, 31), 1))
}

/// [`math::exp`]
#[inline(always)]
#[allow(clippy::excessive_precision)]
pub(crate) fn exp(x: v128) -> v128 {
    let key = i32x4_max(ordered(x), i32x4_splat(math::LOWEST));
    let x = ordered(i32x4_min(key, i32x4_splat(math::HIGHEST)));
    let round = f32x4_splat(math::ROUND);
    let shifted = f32x4_add(f32x4_mul(x, f32x4_splat(core::f32::consts::LOG2_E)), round);
    let n = f32x4_sub(shifted, round);
    let r = f32x4_sub(x, f32x4_mul(n, f32x4_splat(0.693_359_375)));
    let r = f32x4_sub(r, f32x4_mul(n, f32x4_splat(-2.121_944_40e-4)));
    let mut p = f32x4_splat(math::EXP[0]);
    for c in &math::EXP[1..] {
        p = f32x4_add(f32x4_mul(p, r), f32x4_splat(*c));
    }
    let y = f32x4_add(f32x4_add(f32x4_mul(p, f32x4_mul(r, r)), r), f32x4_splat(1.0));
    i32x4_add(y, i32x4_shl(i32x4_sub(shifted, round), 23))
}

/// [`math::max`]
pub(crate) fn max(x: &[f32]) -> f32 {
    let mut largest = ordered(f32x4_splat(f32::NEG_INFINITY));
    let (quads, rest) = x.split_at(x.len() / 4 * 4);
    for at in (0..quads.len()).step_by(4) {
        largest = i32x4_max(largest, ordered(load(quads, at)));
    }
    let mut last = [f32::NEG_INFINITY; 4];
    last[..rest.len()].copy_from_slice(rest);
    largest = i32x4_max(largest, ordered(load(&last, 0)));
    largest = i32x4_max(largest, i32x4_shuffle::<2, 3, 0, 1>(largest, largest));
    largest = i32x4_max(largest, i32x4_shuffle::<1, 0, 3, 2>(largest, largest));
    f32x4_extract_lane::<0>(ordered(largest))
}

/// [`math::abs_max`]
pub fn abs_max(x: &[f32]) -> f32 {
    let whole = x.len() / LANES * LANES;
    let mut largest = [u32x4_splat(0); LANES / 4];
    for at in (0..whole).step_by(LANES) {
        for (j, largest) in largest.iter_mut().enumerate() {
            *largest = u32x4_max(*largest, f32x4_abs(load(x, at + 4 * j)));
        }
    }
    let largest = u32x4_max(u32x4_max(largest[0], largest[1]), u32x4_max(largest[2], largest[3]));
    f32::from_bits(max_bits(largest).max(math::abs_max(&x[whole..]).to_bits()))
}

/// Largest of four unsigned lanes: magnitudes of floats order as their bits.
#[inline(always)]
pub(crate) fn max_bits(v: v128) -> u32 {
    let v = u32x4_max(v, i32x4_shuffle::<2, 3, 0, 1>(v, v));
    u32x4_extract_lane::<0>(u32x4_max(v, i32x4_shuffle::<1, 0, 3, 2>(v, v)))
}

/// [`math::reduce`] of 16 partial sums in four vectors.
#[inline(always)]
pub(crate) fn reduce(partial: [v128; LANES / 4]) -> f32 {
    let (low, high) = (f32x4_add(partial[0], partial[2]), f32x4_add(partial[1], partial[3]));
    let c = f32x4_add(low, high);
    let d = f32x4_add(c, i32x4_shuffle::<2, 3, 0, 1>(c, c));
    f32x4_extract_lane::<0>(d) + f32x4_extract_lane::<1>(d)
}

/// [`scalar::round_row`] for |x·step| < 2²².
pub fn round_row(x: &[f32], step: f32, q: &mut [i8]) -> i32 {
    assert!(x.len() == q.len());
    let whole = x.len() / 16 * 16;
    let (min, step4) = (i8x16_splat(-127), f32x4_splat(step));
    let mut sum = i32x4_splat(0);
    for at in (0..whole).step_by(16) {
        let v: [v128; 4] = core::array::from_fn(|j| rounded(load(x, at + 4 * j), step4));
        let bytes = i8x16_narrow_i16x8(i16x8_narrow_i32x4(v[0], v[1]), i16x8_narrow_i32x4(v[2], v[3]));
        let bytes = i8x16_max(bytes, min);
        store(q, at, bytes);
        sum = i32x4_add(sum, i32x4_extadd_pairwise_i16x8(i16x8_extadd_pairwise_i8x16(bytes)));
    }
    lanes(sum).iter().sum::<i32>() + scalar::round_row(&x[whole..], step, &mut q[whole..])
}

/// [`scalar::round_row16`] for |x·step| < 2²².
pub fn round_row16(x: &[f32], step: f32, q: &mut [i16]) -> i32 {
    assert!(x.len() == q.len());
    let whole = x.len() / 8 * 8;
    let (min, step4) = (i16x8_splat(-32767), f32x4_splat(step));
    let mut sum = i32x4_splat(0);
    for at in (0..whole).step_by(8) {
        let v: [v128; 2] = core::array::from_fn(|j| rounded(load(x, at + 4 * j), step4));
        let words = i16x8_max(i16x8_narrow_i32x4(v[0], v[1]), min);
        store(q, at, words);
        sum = i32x4_add(sum, i32x4_extadd_pairwise_i16x8(words));
    }
    lanes(sum).iter().sum::<i32>() + scalar::round_row16(&x[whole..], step, &mut q[whole..])
}

/// `rne(x·step)` as integers, for |x·step| < 2²²: what rounding by addition leaves in the low bits. A third of the
/// instructions of `i32x4.trunc_sat_f32x4` on x86.
#[inline(always)]
pub(crate) fn rounded(x: v128, step: v128) -> v128 {
    let round = f32x4_splat(math::ROUND);
    i32x4_sub(f32x4_add(f32x4_mul(x, step), round), round)
}

/// [`scalar::sign_bits`]
pub fn sign_bits(x: &[f32], threshold: &[f32], bits: &mut [u8]) -> f32 {
    assert!(x.len() == threshold.len() && bits.len() * 8 == x.len());
    let whole = x.len() / LANES * LANES;
    let mut partial = [f32x4_splat(0.0); LANES / 4];
    for (pair, at) in bits.chunks_exact_mut(2).zip((0..whole).step_by(LANES)) {
        let d: [v128; 4] = core::array::from_fn(|j| f32x4_sub(load(x, at + 4 * j), load(threshold, at + 4 * j)));
        let above = d.map(|d| f32x4_ge(d, f32x4_splat(0.0)));
        let halves = (i16x8_narrow_i32x4(above[0], above[1]), i16x8_narrow_i32x4(above[2], above[3]));
        pair.copy_from_slice(&i8x16_bitmask(i8x16_narrow_i16x8(halves.0, halves.1)).to_le_bytes());
        for (partial, d) in partial.iter_mut().zip(d) {
            *partial = f32x4_add(*partial, f32x4_abs(d));
        }
    }
    // Eight are left over at most: they join the first partial sums.
    if whole < x.len() {
        let d: [v128; 2] = core::array::from_fn(|j| f32x4_sub(load(x, whole + 4 * j), load(threshold, whole + 4 * j)));
        scalar::sign_bits(&x[whole..], &threshold[whole..], &mut bits[whole / 8..]);
        for (partial, d) in partial.iter_mut().zip(d) {
            *partial = f32x4_add(*partial, f32x4_abs(d));
        }
    }
    reduce(partial)
}

/// Four partial sums of 16 int8 products, exact.
#[inline(always)]
pub(crate) fn dot_i8x16(a: v128, b: v128) -> v128 {
    let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_i8x16(b));
    let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_i8x16(b));
    i32x4_add(low, high)
}

/// [`scalar::dot_f32`]: partials 4j..4j+4 of the lane sum live in accumulator j.
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() == b.len());
    let whole = a.len() / LANES * LANES;
    let mut acc = [f32x4_splat(0.0); LANES / 4];
    for at in (0..whole).step_by(LANES) {
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = f32x4_add(*acc, f32x4_mul(load(a, at + 4 * j), load(b, at + 4 * j)));
        }
    }
    let mut partial = [0f32; LANES];
    for (j, acc) in acc.into_iter().enumerate() {
        store(&mut partial, 4 * j, acc);
    }
    for i in whole..a.len() {
        partial[i % LANES] += a[i] * b[i];
    }
    math::reduce(&partial)
}

/// [`scalar::dot_i8`]
pub fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    assert!(a.len() == b.len());
    let whole = a.len() / 16 * 16;
    let mut acc = i32x4_splat(0);
    for at in (0..whole).step_by(16) {
        acc = i32x4_add(acc, dot_i8x16(load(a, at), load(b, at)));
    }
    lanes(acc).iter().sum::<i32>() + scalar::dot_i8(&a[whole..], &b[whole..])
}

/// [`scalar::axpy_f32`]
pub fn axpy_f32(out: &mut [f32], p: f32, v: &[f32]) {
    assert!(out.len() == v.len());
    let whole = out.len() / 4 * 4;
    let factor = f32x4_splat(p);
    for at in (0..whole).step_by(4) {
        let sum = f32x4_add(load(out, at), f32x4_mul(factor, load(v, at)));
        store(out, at, sum);
    }
    scalar::axpy_f32(&mut out[whole..], p, &v[whole..]);
}
