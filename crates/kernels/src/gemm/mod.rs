//! Matrix times several tokens (prefill): a tile of 32 rows is unpacked once and multiplied with every token.

mod multiply;
mod unpack;

use core::arch::wasm32::*;

use crate::choice::Gemm;
use crate::line::bytes_mut;
use crate::matrix::{Grouped, Ternary, Tokens};
use crate::pack::{Bits, Form, LANE_ROWS, TILE_K};
use crate::run::Workspace;
use crate::simd128::{load, load_halves, put_rows, store, Sums};

pub use multiply::widen;

use multiply::{multiply_dot, multiply_packed16};
use unpack::{pack16, unpack};

/// How a tile is multiplied.
#[derive(Clone, Copy)]
struct Method {
    gemm: Gemm,
    /// codes reach 3
    wide: bool,
    bits: Bits,
}

/// [`crate::scalar::gemv_w158a8`] of every token, into `y` `[n][rows]`.
#[inline(never)]
pub fn gemm_w158a8(gemm: Gemm, w: &Ternary, x: &Tokens, y: &mut [f32], room: &mut Workspace) {
    let n = x.sums.len();
    assert!(x.q.len() == n * w.k && y.len() == n * w.rows);
    let method = Method { gemm, wide: w.wide, bits: Bits::Two };
    let block_bytes = w.k / 4 * LANE_ROWS;
    for (b, codes) in w.codes.chunks_exact(block_bytes).enumerate() {
        start(method, x.sums, room.sums);
        for first in (0..w.k).step_by(TILE_K) {
            let k = TILE_K.min(w.k - first);
            let codes = &codes[first * LANE_ROWS / 4..][..k * LANE_ROWS / 4];
            add_tile(method, w.form, codes, x, (first, k, w.k), room);
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

/// [`crate::scalar::gemv_q2a8`] or [`crate::scalar::gemv_q1a8`] of every token, into `y` `[n][rows]`; `x.scales` and `x.sums`
/// are `[n][k / group]`.
#[inline(never)]
pub fn gemm_grouped(gemm: Gemm, w: &Grouped, x: &Tokens, y: &mut [f32], room: &mut Workspace) {
    let groups = w.k / w.group;
    let n = x.q.len() / w.k;
    assert!(w.group <= TILE_K && x.sums.len() == n * groups && x.scales.len() == n * groups && y.len() == n * w.rows);
    let method = Method { gemm, wide: w.wide, bits: w.form.bits };
    let group_bytes = w.group * LANE_ROWS / w.form.bits.planes();
    let blocks = w.codes.chunks_exact(groups * group_bytes).zip(w.scales.chunks_exact(groups * LANE_ROWS));
    for (b, (codes, scales)) in blocks.enumerate() {
        room.totals[..n * LANE_ROWS].fill(0.0);
        for g in 0..groups {
            room.sums[..n * LANE_ROWS].fill(0);
            let codes = &codes[g * group_bytes..][..group_bytes];
            add_tile(method, w.form, codes, x, (g * w.group, w.group, w.k), room);
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

/// Sets the sums of every token so that codes become weights: Σ (c − 1)·q = Σ c·q − Σ q.
fn start(method: Method, sums: &[i32], out: &mut [i32]) {
    for (out, sum) in out.chunks_exact_mut(LANE_ROWS).zip(sums) {
        out.fill(if method.gemm == Gemm::Dot { -sum } else { 0 });
    }
}

/// Adds a group's sums of token `t`, scaled, to its totals.
#[inline(always)]
fn add_group(method: Method, room: &mut Workspace, t: usize, scale: Sums, x_scale: f32, x_sum: i32) {
    let factor = f32x4_splat(x_scale);
    for (v, scale) in scale.iter().enumerate() {
        let at = t * LANE_ROWS + 4 * v;
        let mut sum = load(room.sums, at);
        if method.gemm == Gemm::Dot {
            let spread = if method.bits == Bits::One { i32x4_shl(sum, 1) } else { sum };
            sum = i32x4_sub(spread, i32x4_splat(x_sum));
        }
        let scaled = f32x4_mul(f32x4_convert_i32x4(sum), f32x4_mul(*scale, factor));
        let total = f32x4_add(load(room.totals, at), scaled);
        store(room.totals, at, total);
    }
}

/// Adds the products of `k` columns from `first` (of `width`) to the sums of every token.
fn add_tile(
    method: Method,
    form: Form,
    codes: &[u8],
    x: &Tokens,
    (first, k, width): (usize, usize, usize),
    room: &mut Workspace,
) {
    let tile = &mut bytes_mut(room.tile)[..k * LANE_ROWS];
    unpack(form, codes, tile);
    match method.gemm {
        Gemm::Packed16 if method.wide => {
            pack16::<1, 13>(tile);
            multiply_packed16::<13, 4>(tile, &x.q16[first..], width, room.sums);
        }
        Gemm::Packed16 => {
            match method.bits {
                Bits::One => pack16::<2, 14>(tile),
                _ => pack16::<1, 14>(tile),
            }
            multiply_packed16::<14, 16>(tile, &x.q16[first..], width, room.sums);
        }
        _ => multiply_dot(tile, &x.q[first..], width, room.sums),
    }
}
