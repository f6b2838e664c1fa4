//! Float operations in SIMD128, each lane as [`crate::math`] has it, and the loads and stores they share.

use core::arch::wasm32::*;

use crate::math::{self, LANES};

/// The 16 bytes at `from[at..]`.
#[inline(always)]
pub(crate) fn load<T: Copy>(from: &[T], at: usize) -> v128 {
    debug_assert!((from.len() - at) * size_of::<T>() >= 16);
    // SAFETY: callers pass an index at least 16 bytes before the end (asserted in debug builds): their slices are whole
    // vectors by construction or by `chunks_exact`. v128_load takes any alignment.
    unsafe { v128_load(from.as_ptr().add(at).cast()) }
}

/// Stores a vector at `to[at..]`.
#[inline(always)]
pub(crate) fn store<T: Copy>(to: &mut [T], at: usize, v: v128) {
    debug_assert!((to.len() - at) * size_of::<T>() >= 16);
    // SAFETY: as in `load`; every bit pattern is a value of the integers and floats this is called with.
    unsafe { v128_store(to.as_mut_ptr().add(at).cast(), v) }
}

/// [`math::ordered`] and its inverse.
#[inline(always)]
fn ordered(x: v128) -> v128 {
    v128_xor(x, u32x4_shr(i32x4_shr(x, 31), 1))
}

/// [`math::round_even`]
#[inline(always)]
pub(crate) fn round_even(v: v128) -> v128 {
    let round = f32x4_splat(math::ROUND);
    f32x4_sub(f32x4_add(v, round), round)
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
    let mut most = ordered(f32x4_splat(f32::NEG_INFINITY));
    let (quads, rest) = x.split_at(x.len() / 4 * 4);
    for at in (0..quads.len()).step_by(4) {
        most = i32x4_max(most, ordered(load(quads, at)));
    }
    let mut last = [f32::NEG_INFINITY; 4];
    last[..rest.len()].copy_from_slice(rest);
    most = i32x4_max(most, ordered(load(&last, 0)));
    most = i32x4_max(most, i32x4_shuffle::<2, 3, 0, 1>(most, most));
    most = i32x4_max(most, i32x4_shuffle::<1, 0, 3, 2>(most, most));
    f32x4_extract_lane::<0>(ordered(most))
}

/// Largest of four unsigned lanes: magnitudes of floats order as their bits.
#[inline(always)]
pub(crate) fn most_bits(v: v128) -> u32 {
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
