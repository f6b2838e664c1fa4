//! From packed codes to a tile of bytes, `[k / 4][8][4 rows][4 k]`, and on to a tile of paired i16.

use core::arch::wasm32::*;

use crate::dispatch::kernels::LaneCodes;
use crate::format::layout::{Bits, Columns, Quads, LANE_ROWS, STEP_BYTES};
use crate::wasm32::lanes::code_mask;
use crate::wasm32::memory::{load, splat, store};

/// Unpacks the codes of 32 rows.
pub(super) fn unpack(codes: LaneCodes, bits: Bits, tile: &mut [u8]) {
    match (codes, bits) {
        (LaneCodes::Columns(Columns(codes)), Bits::One) => one_bit_columns(codes, tile),
        (LaneCodes::Columns(Columns(codes)), _) => two_bit_columns(codes, tile),
        (LaneCodes::Quads(Quads(codes)), Bits::One) => quads::<8>(codes, tile),
        (LaneCodes::Quads(Quads(codes)), _) => quads::<4>(codes, tile),
    }
}

#[inline(always)]
fn quads<const PLANES: usize>(codes: &[u8], tile: &mut [u8]) {
    let bits = 8 / PLANES as u32;
    let mask = code_mask::<PLANES>();
    for (step, tile) in codes.chunks_exact(STEP_BYTES).zip(tile.chunks_exact_mut(PLANES * STEP_BYTES)) {
        for v in 0..8 {
            let w = load(step, 16 * v);
            for p in 0..PLANES {
                store(tile, STEP_BYTES * p + 16 * v, v128_and(u16x8_shr(w, bits * p as u32), mask));
            }
        }
    }
}

/// A column holds four k of 32 rows: planes of 16 rows are interleaved to quads of a row.
fn two_bit_columns(codes: &[u8], tile: &mut [u8]) {
    let mask = splat::<3>();
    for (column, tile) in codes.chunks_exact(LANE_ROWS).zip(tile.chunks_exact_mut(STEP_BYTES)) {
        for half in 0..2 {
            let w = load(column, 16 * half);
            let plane: [v128; 4] = core::array::from_fn(|p| v128_and(u16x8_shr(w, 2 * p as u32), mask));
            for (i, quad) in interleave(plane).into_iter().enumerate() {
                store(tile, 64 * half + 16 * i, quad);
            }
        }
    }
}

/// `[p][16 rows]` to `[4 of 4 rows][row][p]`.
#[inline(always)]
fn interleave(p: [v128; 4]) -> [v128; 4] {
    let low = |a, b| u8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b);
    let high = |a, b| u8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b);
    let pairs =
        |a, b| [u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b), u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b)];
    let [a, b] = pairs(low(p[0], p[1]), low(p[2], p[3]));
    let [c, d] = pairs(high(p[0], p[1]), high(p[2], p[3]));
    [a, b, c, d]
}

/// A column holds eight k of 32 rows: a row's byte in four lanes, each keeping its own bit as 0 or 1.
fn one_bit_columns(codes: &[u8], tile: &mut [u8]) {
    let (low, high) = (u32x4_splat(0x0804_0201), u32x4_splat(0x8040_2010));
    let one = splat::<1>();
    for (column, tile) in codes.chunks_exact(LANE_ROWS).zip(tile.chunks_exact_mut(2 * STEP_BYTES)) {
        for half in 0..2 {
            for (i, bytes) in spread(load(column, 16 * half)).into_iter().enumerate() {
                let at = 64 * half + 16 * i;
                store(tile, at, u8x16_min(v128_and(bytes, low), one));
                store(tile, STEP_BYTES + at, u8x16_min(v128_and(bytes, high), one));
            }
        }
    }
}

/// Every byte four times.
#[inline(always)]
fn spread(w: v128) -> [v128; 4] {
    [
        u8x16_shuffle::<0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3>(w, w),
        u8x16_shuffle::<4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7>(w, w),
        u8x16_shuffle::<8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11>(w, w),
        u8x16_shuffle::<12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15>(w, w),
    ]
}

/// Turns a tile of codes into i16 weights `w_a + 2^SHIFT·w_b`, `w = SPREAD·code − 1`, in place: `[k / 4][even, odd k][4]` vectors of
/// four row pairs `(8j + r, 8j + 4 + r)` by two k (0 and 2, or 1 and 3, of the four).
#[inline(always)]
pub(super) fn pack16<const SPREAD: u32, const SHIFT: u32>(tile: &mut [u8]) {
    let low = u16x8_shr(splat::<0xff>(), 8);
    let offset = u16x8_splat(1 + (1 << SHIFT));
    let grow = SPREAD - 1;
    let pair = |a, b| i16x8_sub(i16x8_add(i16x8_shl(a, grow), i16x8_shl(b, SHIFT + grow)), offset);
    for quad in tile.chunks_exact_mut(STEP_BYTES) {
        let v: [v128; 8] = core::array::from_fn(|i| load(quad, 16 * i));
        for j in 0..4 {
            let (a, b) = (v[2 * j], v[2 * j + 1]);
            store(quad, 16 * j, pair(v128_and(a, low), v128_and(b, low)));
            store(quad, 64 + 16 * j, pair(u16x8_shr(a, 8), u16x8_shr(b, 8)));
        }
    }
}
