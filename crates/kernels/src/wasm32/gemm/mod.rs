//! Matrix times several tokens (prefill): a tile of 32 rows is unpacked once and multiplied with every token.

pub(super) mod multiply;
mod unpack;

use core::arch::wasm32::*;

use super::lanes::{put_rows, Sums};
use super::memory::{load, load_halves, store};
use crate::activation::{Tile, Tokens};
use crate::dispatch::kernels::LaneCodes;
use crate::format::layout::{Bits, LANE_ROWS, TILE_K};
use crate::line::bytes_mut;
use crate::matrix::{Grouped, Ternary};

#[cfg(target_feature = "relaxed-simd")]
use multiply::multiply_dot;
use multiply::multiply_packed16;
use unpack::{pack16, unpack};

/// The activations a tile is multiplied with, in the form of the kernel that does it: `[n][k]`.
#[derive(Clone, Copy)]
pub(crate) enum Operand<'a> {
    /// int8, for the relaxed dot product
    #[cfg(target_feature = "relaxed-simd")]
    Dot(&'a [i8]),
    /// int16, as [`multiply::widen`] leaves them
    Packed16(&'a [i16]),
}

/// How a tile is multiplied.
#[derive(Clone, Copy)]
struct Method<'a> {
    operand: Operand<'a>,
    /// codes reach 3
    wide: bool,
    bits: Bits,
}

/// [`crate::scalar::gemv_ternary`] of every token, into `y` `[n][rows]`.
#[inline(never)]
pub(crate) fn gemm_ternary(operand: Operand, w: &Ternary, x: Tokens, y: &mut [f32], room: &mut Tile) {
    let n = x.sums.len();
    assert!(x.q.len() == n * w.k && y.len() == n * w.rows);
    let (method, codes) = (Method { operand, wide: w.wide, bits: Bits::Two }, w.gemv.codes());
    let block_bytes = w.k / 4 * LANE_ROWS;
    for b in 0..w.rows.div_ceil(LANE_ROWS) {
        start(method, x.sums, room.sums);
        for first in (0..w.k).step_by(TILE_K) {
            let k = TILE_K.min(w.k - first);
            let codes = codes.span(b * block_bytes + first * LANE_ROWS / 4, k * LANE_ROWS / 4);
            add_tile(method, codes, (first, k, w.k), room);
        }
        for t in 0..n {
            let factor = f32x4_splat(w.scale * x.scales[t]);
            let sums: Sums = core::array::from_fn(|v| load(room.sums, t * LANE_ROWS + 4 * v));
            let rows = rows_of(w.rows, b);
            put_rows(
                &mut y[t * w.rows..][rows],
                core::array::from_fn(|v| f32x4_mul(f32x4_convert_i32x4(sums[v]), factor)),
            );
        }
    }
}

/// [`crate::scalar::gemv_two_bit`] or [`crate::scalar::gemv_one_bit`] of every token, into `y` `[n][rows]`.
#[inline(never)]
pub(crate) fn gemm_grouped(operand: Operand, w: &Grouped, x: Tokens, y: &mut [f32], room: &mut Tile) {
    let groups = w.k / w.group;
    let n = x.q.len() / w.k;
    assert!(w.group <= TILE_K && x.sums.len() == n * groups && x.scales.len() == n * groups && y.len() == n * w.rows);
    let (method, codes) = (Method { operand, wide: w.wide, bits: w.bits }, w.gemv.codes());
    let group_bytes = w.group * LANE_ROWS / w.bits.planes();
    for (b, scales) in w.scales.chunks_exact(groups * LANE_ROWS).enumerate() {
        room.totals[..n * LANE_ROWS].fill(0.0);
        for g in 0..groups {
            room.sums[..n * LANE_ROWS].fill(0);
            let codes = codes.span((b * groups + g) * group_bytes, group_bytes);
            add_tile(method, codes, (g * w.group, w.group, w.k), room);
            let scale: Sums = core::array::from_fn(|v| load_halves(scales, g * LANE_ROWS + 4 * v));
            for t in 0..n {
                add_group(method, room, t, scale, x.scales[t * groups + g], x.sums[t * groups + g]);
            }
        }
        for t in 0..n {
            let totals: Sums = core::array::from_fn(|v| load(room.totals, t * LANE_ROWS + 4 * v));
            put_rows(&mut y[t * w.rows..][rows_of(w.rows, b)], totals);
        }
    }
}

/// Rows of block `b`.
fn rows_of(rows: usize, b: usize) -> core::ops::Range<usize> {
    let end = (b + 1) * LANE_ROWS;
    b * LANE_ROWS..if end < rows { end } else { rows }
}

impl Operand<'_> {
    /// Whether a tile's sums are of codes, not of weights.
    const fn sums_codes(self) -> bool {
        match self {
            #[cfg(target_feature = "relaxed-simd")]
            Operand::Dot(_) => true,
            Operand::Packed16(_) => false,
        }
    }
}

/// Sets the sums of every token so that codes become weights: Σ (c − 1)·q = Σ c·q − Σ q.
fn start(method: Method, sums: &[i32], out: &mut [i32]) {
    for (out, sum) in out.chunks_exact_mut(LANE_ROWS).zip(sums) {
        out.fill(if method.operand.sums_codes() { -sum } else { 0 });
    }
}

/// Adds a group's sums of token `t`, scaled, to its totals.
#[inline(always)]
fn add_group(method: Method, room: &mut Tile, t: usize, scale: Sums, x_scale: f32, x_sum: i32) {
    let factor = f32x4_splat(x_scale);
    for (v, scale) in scale.iter().enumerate() {
        let at = t * LANE_ROWS + 4 * v;
        let mut sum = load(room.sums, at);
        if method.operand.sums_codes() {
            let spread = if method.bits == Bits::One { i32x4_shl(sum, 1) } else { sum };
            sum = i32x4_sub(spread, i32x4_splat(x_sum));
        }
        let scaled = f32x4_mul(f32x4_convert_i32x4(sum), f32x4_mul(*scale, factor));
        let total = f32x4_add(load(room.totals, at), scaled);
        store(room.totals, at, total);
    }
}

/// Adds the products of `k` columns from `first` (of `width`) to the sums of every token.
fn add_tile(method: Method, codes: LaneCodes, (first, k, width): (usize, usize, usize), room: &mut Tile) {
    let tile = &mut bytes_mut(room.codes)[..k * LANE_ROWS];
    unpack(codes, method.bits, tile);
    match method.operand {
        #[cfg(target_feature = "relaxed-simd")]
        Operand::Dot(q) => multiply_dot(tile, &q[first..], width, room.sums),
        Operand::Packed16(q16) if method.wide => {
            pack16::<1, 13>(tile);
            multiply_packed16::<13, 4>(tile, &q16[first..], width, room.sums);
        }
        Operand::Packed16(q16) => {
            match method.bits {
                Bits::One => pack16::<2, 14>(tile),
                _ => pack16::<1, 14>(tile),
            }
            multiply_packed16::<14, 16>(tile, &q16[first..], width, room.sums);
        }
    }
}
