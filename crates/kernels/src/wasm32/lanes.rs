//! What the kernels of codes share: blocks of 32 rows one after the other, their sums scaled, whatever sums them.
// Indices, not iterators, where arrays of vectors must dissolve into registers.
#![allow(clippy::needless_range_loop)]

use core::arch::wasm32::*;

use super::memory::{load_halves, splat, store};
use crate::activation::Activation;
use crate::format::layout::{Bits, LANE_ROWS, STEP_BYTES, TERNARY_STEP};
use crate::matrix::{Grouped, Ternary};

/// Vectors of a quad step.
const STEP_VECTORS: usize = STEP_BYTES / 16;

/// Sums of a block of 32 rows: vector `v` holds rows `4v..4v + 4`.
pub(crate) type Sums = [v128; STEP_VECTORS];

/// Runs `block` (Σ w·q) over the 32-row blocks of `w`, whose codes these are, and scales its sums.
#[inline(always)]
pub(crate) fn ternary_rows(codes: &[u8], w: &Ternary, x: Activation, y: &mut [f32], block: impl Fn(&[u8]) -> Sums) {
    assert!(x.q.len() == w.k && y.len() == w.rows);
    let factor = f32x4_splat(w.scale * x.scales[0]);
    let block_bytes = w.k / TERNARY_STEP * STEP_BYTES;
    for (codes, y) in codes.chunks_exact(block_bytes).zip(y.chunks_mut(LANE_ROWS)) {
        let sums = block(codes);
        put_rows(y, core::array::from_fn(|v| f32x4_mul(f32x4_convert_i32x4(sums[v]), factor)));
    }
}

/// Stores the first `y.len()` of 32 floats.
#[inline(always)]
pub(crate) fn put_rows(y: &mut [f32], rows: Sums) {
    if y.len() == LANE_ROWS {
        (0..STEP_VECTORS).for_each(|v| store(y, 4 * v, rows[v]));
        return;
    }
    let mut out = [0f32; LANE_ROWS];
    (0..STEP_VECTORS).for_each(|v| store(&mut out, 4 * v, rows[v]));
    y.copy_from_slice(&out[..y.len()]);
}

/// Runs `block` (Σ w·q) over the groups of the 32-row blocks of `w`, whose codes of this width these are, given their codes and
/// number, adding scaled sums group by group as scalar does.
#[inline(always)]
pub(crate) fn group_rows(
    codes: &[u8],
    (w, bits): (&Grouped, Bits),
    x: Activation,
    y: &mut [f32],
    block: impl Fn(&[u8], usize) -> Sums,
) {
    w.check(bits, x, y);
    let groups = w.k / w.group;
    let group_bytes = w.group * LANE_ROWS / bits.planes();
    let blocks = codes.chunks_exact(groups * group_bytes).zip(w.scales.chunks_exact(groups * LANE_ROWS));
    for ((codes, scales), y) in blocks.zip(y.chunks_mut(LANE_ROWS)) {
        let mut total = [f32x4_splat(0.0); STEP_VECTORS];
        for g in 0..groups {
            let sums = block(&codes[g * group_bytes..][..group_bytes], g);
            let factor = f32x4_splat(x.scales[g]);
            for v in 0..STEP_VECTORS {
                let scale = f32x4_mul(load_halves(scales, g * LANE_ROWS + 4 * v), factor);
                total[v] = f32x4_add(total[v], f32x4_mul(f32x4_convert_i32x4(sums[v]), scale));
            }
        }
        put_rows(y, total);
    }
}

/// The low code of every byte.
#[inline(always)]
pub(crate) fn code_mask<const PLANES: usize>() -> v128 {
    match PLANES {
        8 => splat::<1>(),
        4 => splat::<3>(),
        _ => splat::<15>(),
    }
}
