//! GEMV by dot products, over quads (DESIGN.md, Layouts) and int8 rows. Integer sums are exact in any order.
// Indices, not iterators, where arrays of vectors must dissolve into registers.
#![allow(clippy::needless_range_loop)]

use core::arch::wasm32::*;

use super::lanes::{code_mask, group_rows, put_rows, ternary_rows, Sums};
use super::memory::{lanes, load, load_quad};
use super::vector::dot_i8x16;
use crate::activation::Activation;
use crate::format::layout::{Bits, Quads, INT8_STEP, LANE_ROWS, STEP_BYTES};
use crate::matrix::{Grouped, Int4, Int8, Ternary};

/// A way to sum the codes of a block of 32 rows.
pub trait CodeSums {
    /// `Σₖ code·q` of every row, `PLANES` codes a byte: `codes` `[k / (4 · PLANES)][128]`, `q` `[k]`.
    fn sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> Sums;
}

/// [`crate::scalar::gemv_ternary`]
#[inline(never)]
pub fn gemv_ternary<S: CodeSums>(codes: Quads, w: &Ternary, x: Activation, y: &mut [f32]) {
    ternary_rows(codes.0, w, x, y, |codes| less(S::sums::<4>(codes, x.q), x.sums[0]));
}

/// [`crate::scalar::gemv_one_bit`]
#[inline(never)]
pub fn gemv_one_bit<S: CodeSums>(codes: Quads, w: &Grouped, x: Activation, y: &mut [f32]) {
    group_rows(codes.0, (w, Bits::One), x, y, |codes, g| {
        less(twice(S::sums::<8>(codes, of_group(w, x, g))), x.sums[g])
    });
}

/// [`crate::scalar::gemv_two_bit`]
#[inline(never)]
pub fn gemv_two_bit<S: CodeSums>(codes: Quads, w: &Grouped, x: Activation, y: &mut [f32]) {
    group_rows(codes.0, (w, Bits::Two), x, y, |codes, g| less(S::sums::<4>(codes, of_group(w, x, g)), x.sums[g]));
}

/// [`crate::scalar::gemv_int4`]
#[inline(never)]
pub fn gemv_int4<S: CodeSums>(w: &Int4, x: Activation, y: &mut [f32]) {
    assert!(x.q.len() == w.k && y.len() == w.scales.len());
    let block_bytes = w.k / INT8_STEP * 2 * STEP_BYTES;
    let blocks = w.codes.chunks_exact(block_bytes).zip(w.scales.chunks(LANE_ROWS));
    for ((codes, scales), y) in blocks.zip(y.chunks_mut(LANE_ROWS)) {
        let mut factors = [0f32; LANE_ROWS];
        factors.iter_mut().zip(scales).for_each(|(factor, scale)| *factor = scale * x.scales[0]);
        let sums = less(S::sums::<2>(codes, x.q), 8 * x.sums[0]);
        put_rows(y, core::array::from_fn(|v| f32x4_mul(f32x4_convert_i32x4(sums[v]), load(&factors, 4 * v))));
    }
}

/// Activations of group `g`.
#[inline(always)]
fn of_group<'a>(w: &Grouped, x: Activation<'a>, g: usize) -> &'a [i8] {
    &x.q[g * w.group..][..w.group]
}

/// Σ code·q to Σ (code − 1)·q, given Σq.
#[inline(always)]
fn less(sums: Sums, sum: i32) -> Sums {
    core::array::from_fn(|v| i32x4_sub(sums[v], i32x4_splat(sum)))
}

#[inline(always)]
fn twice(sums: Sums) -> Sums {
    core::array::from_fn(|v| i32x4_shl(sums[v], 1))
}

/// Even and odd bytes as i16 lanes into `i32x4.dot_i16x8`.
pub struct Widening;

impl CodeSums for Widening {
    #[inline(always)]
    fn sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> Sums {
        let bits = 8 / PLANES as u32;
        let mask = v128_and(code_mask::<PLANES>(), u16x8_splat(0x00ff));
        let mut acc = [i32x4_splat(0); 8];
        for (step, q) in codes.chunks_exact(STEP_BYTES).zip(q.chunks_exact(4 * PLANES)) {
            let quads: [v128; PLANES] = core::array::from_fn(|p| load_quad(q, 4 * p));
            let even = quads.map(|x| i16x8_shr(i16x8_shl(x, 8), 8));
            let odd = quads.map(|x| i16x8_shr(x, 8));
            for (v, acc) in acc.iter_mut().enumerate() {
                let w = load(step, 16 * v);
                for p in 0..PLANES {
                    let low = v128_and(u16x8_shr(w, bits * p as u32), mask);
                    let high = v128_and(u16x8_shr(w, 8 + bits * p as u32), mask);
                    let pair = i32x4_add(i32x4_dot_i16x8(low, even[p]), i32x4_dot_i16x8(high, odd[p]));
                    *acc = i32x4_add(*acc, pair);
                }
            }
        }
        acc
    }
}

/// Rows of an int8 matrix that share one load of the activations.
const HEAD_ROWS: usize = 4;

/// [`crate::scalar::gemv_int8`]: bytes widened to i16, `i32x4.dot_i16x8`, four rows at once.
#[inline(never)]
pub fn gemv_int8(w: &Int8, x: Activation, y: &mut [f32]) {
    int8_rows(w, x, y, |row, q| {
        let mut acc = [i32x4_splat(0); HEAD_ROWS];
        for at in (0..q.len()).step_by(16) {
            let x = load(q, at);
            for r in 0..HEAD_ROWS {
                acc[r] = i32x4_add(acc[r], dot_i8x16(load(row[r], at), x));
            }
        }
        acc
    });
}

/// Runs `block` over four rows of `w` at a time and scales its sums. The rows are a quarter of the matrix apart: four streams
/// read memory faster than one.
#[inline(always)]
pub(crate) fn int8_rows(
    w: &Int8,
    x: Activation,
    y: &mut [f32],
    block: impl Fn([&[i8]; HEAD_ROWS], &[i8]) -> [v128; HEAD_ROWS],
) {
    let rows = w.scales.len();
    assert!(x.q.len() == w.k && y.len() == rows);
    let quarter = rows.div_ceil(HEAD_ROWS);
    for i in 0..quarter {
        // The last quarter may be shorter: it repeats its last row and drops the surplus sums.
        let row: [&[i8]; HEAD_ROWS] =
            core::array::from_fn(|r| &w.values[(i + r * quarter).min(rows - 1) * w.k..][..w.k]);
        let sums = block(row, x.q);
        for r in 0..HEAD_ROWS {
            if let Some(y) = y.get_mut(i + r * quarter) {
                let sum: i32 = lanes(sums[r]).iter().sum();
                *y = sum as f32 * (w.scales[i + r * quarter] * x.scales[0]);
            }
        }
    }
}
