//! GEMV over quads (DESIGN.md, Layouts): one loop over blocks and scales, whatever sums a block.

use core::arch::wasm32::*;

use crate::matrix::{Activation, Grouped, GroupedActivation, Int4Rows, Ternary};
use crate::pack::{Layout, INT8_STEP, LANE_ROWS, STEP_BYTES};
use crate::simd128::{group_rows, load, put_rows, ternary_rows, Sums};

/// A way to sum the codes of a block of 32 rows.
pub trait CodeSums {
    /// `Σₖ code·q` of every row, `PLANES` codes a byte: `codes` `[k / (4 · PLANES)][128]`, `q` `[k]`.
    fn sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> Sums;
}

/// [`crate::scalar::gemv_w158a8`]
#[inline(never)]
pub fn gemv_w158a8<S: CodeSums>(w: &Ternary, x: Activation, y: &mut [f32]) {
    ternary_rows(w, Layout::Quad, x, y, |codes| less(S::sums::<4>(codes, x.q), x.sum));
}

/// [`crate::scalar::gemv_q1a8`]
#[inline(never)]
pub fn gemv_q1a8<S: CodeSums>(w: &Grouped, x: GroupedActivation, y: &mut [f32]) {
    group_rows(w, Layout::Quad, x, y, |codes, g| less(twice(S::sums::<8>(codes, of_group(w, x, g))), x.sums[g]));
}

/// [`crate::scalar::gemv_q2a8`]
#[inline(never)]
pub fn gemv_q2a8<S: CodeSums>(w: &Grouped, x: GroupedActivation, y: &mut [f32]) {
    group_rows(w, Layout::Quad, x, y, |codes, g| less(S::sums::<4>(codes, of_group(w, x, g)), x.sums[g]));
}

/// [`crate::scalar::gemv_i4a8`]
#[inline(never)]
pub fn gemv_i4a8<S: CodeSums>(w: &Int4Rows, x: Activation, y: &mut [f32]) {
    assert!(x.q.len() == w.k && y.len() == w.scales.len());
    let block_bytes = w.k / INT8_STEP * 2 * STEP_BYTES;
    let blocks = w.codes.chunks_exact(block_bytes).zip(w.scales.chunks(LANE_ROWS));
    for ((codes, scales), y) in blocks.zip(y.chunks_mut(LANE_ROWS)) {
        let mut factors = [0f32; LANE_ROWS];
        factors.iter_mut().zip(scales).for_each(|(factor, scale)| *factor = scale * x.scale);
        let sums = less(S::sums::<2>(codes, x.q), 8 * x.sum);
        put_rows(y, core::array::from_fn(|v| f32x4_mul(f32x4_convert_i32x4(sums[v]), load(&factors, 4 * v))));
    }
}

/// Activations of group `g`.
#[inline(always)]
fn of_group<'a>(w: &Grouped, x: GroupedActivation<'a>, g: usize) -> &'a [i8] {
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
