//! Register blocks: a few vectors of rows by a few tokens, over the k of a tile.
// Indices, not iterators: arrays taken apart by value go through memory, which costs a third of the GEMM.
#![allow(clippy::needless_range_loop)]

use core::arch::wasm32::*;

use crate::format::layout::{LANE_ROWS, STEP_BYTES};
#[cfg(target_feature = "relaxed-simd")]
use crate::wasm32::memory::load_quad;
use crate::wasm32::memory::{load, load_quad16, store};

/// Adds Σ code·q of a tile `[k / 4][8][16]` and tokens `q` (rows `width` apart) to `sums` `[n][32]`, `n` as many as `q` reaches.
///
/// Three vectors by three tokens use 15 registers, the most V8 keeps on x86; the last two of the eight vectors go by four
/// tokens, as six sums do not hide the latency of a dot product.
#[cfg(target_feature = "relaxed-simd")]
pub(super) fn multiply_dot(tile: &[u8], q: &[i8], width: usize, sums: &mut [i32]) {
    let n = tokens(q.len(), tile.len(), width);
    let mut t = 0;
    while t < n {
        let (q, sums) = (&q[t * width..], &mut sums[t * LANE_ROWS..]);
        match n - t {
            1 => t += dot_both::<1>(tile, q, width, sums),
            2 | 4 => t += dot_both::<2>(tile, q, width, sums),
            _ => t += dot_both::<3>(tile, q, width, sums),
        }
    }
    let mut t = 0;
    while t < n {
        let (q, sums) = (&q[t * width..], &mut sums[t * LANE_ROWS..]);
        match n - t {
            1 => t += dot::<2, 1>(tile, 6, q, width, sums),
            2 | 3 => t += dot::<2, 2>(tile, 6, q, width, sums),
            _ => t += dot::<2, 4>(tile, 6, q, width, sums),
        }
    }
}

/// Tokens of rows `width` apart, the last possibly cut after a tile.
fn tokens(values: usize, tile: usize, width: usize) -> usize {
    (values - tile / LANE_ROWS) / width + 1
}

/// The first six vectors by `T` tokens; returns `T`.
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
fn dot_both<const T: usize>(tile: &[u8], q: &[i8], width: usize, sums: &mut [i32]) -> usize {
    dot::<3, T>(tile, 0, q, width, sums);
    dot::<3, T>(tile, 3, q, width, sums)
}

/// `V` vectors from `first` by `T` tokens; returns `T`.
#[cfg(target_feature = "relaxed-simd")]
#[inline(never)]
fn dot<const V: usize, const T: usize>(tile: &[u8], first: usize, q: &[i8], width: usize, sums: &mut [i32]) -> usize {
    let at = |t: usize, v: usize| t * LANE_ROWS + 4 * (first + v);
    let mut acc: [[v128; V]; T] = core::array::from_fn(|t| core::array::from_fn(|v| load(sums, at(t, v))));
    for (step, quad) in tile.chunks_exact(STEP_BYTES).enumerate() {
        let w: [v128; V] = core::array::from_fn(|v| load(quad, 16 * (first + v)));
        for t in 0..T {
            let x = load_quad(q, t * width + 4 * step);
            for v in 0..V {
                acc[t][v] = i32x4_relaxed_dot_i8x16_i7x16_add(x, w[v], acc[t][v]);
            }
        }
    }
    for t in 0..T {
        for v in 0..V {
            store(sums, at(t, v), acc[t][v]);
        }
    }
    T
}

/// [`multiply_dot`] of a tile of paired weights and `q16` (each four as 0, 2, 1, 3), giving Σ w·q. A lane holds two sums
/// `a + 2^SHIFT·b`; they are parted every `RUN` quads, while |a| < 2^(SHIFT − 1).
pub(super) fn multiply_packed16<const SHIFT: u32, const RUN: usize>(
    tile: &[u8],
    q16: &[i16],
    width: usize,
    sums: &mut [i32],
) {
    let n = tokens(q16.len(), tile.len(), width);
    let mut t = 0;
    while t < n {
        let (q16, sums) = (&q16[t * width..], &mut sums[t * LANE_ROWS..]);
        if n - t == 1 {
            packed::<1, SHIFT, RUN>(tile, q16, width, sums);
            t += 1;
        } else {
            packed::<2, SHIFT, RUN>(tile, q16, width, sums);
            t += 2;
        }
    }
}

#[inline(never)]
fn packed<const T: usize, const SHIFT: u32, const RUN: usize>(
    tile: &[u8],
    q16: &[i16],
    width: usize,
    sums: &mut [i32],
) {
    for (run, quads) in tile.chunks(RUN * STEP_BYTES).enumerate() {
        let mut acc = [[i32x4_splat(0); 4]; T];
        // Half a quad at a time, and a row vector loaded just before its use: 12 registers are live.
        for (i, pair) in quads.chunks_exact(STEP_BYTES / 2).enumerate() {
            let at = 4 * run * RUN + 2 * i;
            let x: [v128; T] = core::array::from_fn(|t| load_quad16(q16, t * width + at));
            for j in 0..4 {
                let w = load(pair, 16 * j);
                for t in 0..T {
                    acc[t][j] = i32x4_add(acc[t][j], i32x4_dot_i16x8(x[t], w));
                }
            }
        }
        for t in 0..T {
            for j in 0..4 {
                let both = acc[t][j];
                let low = i32x4_shr(i32x4_shl(both, 32 - SHIFT), 32 - SHIFT);
                let high = i32x4_shr(i32x4_sub(both, low), SHIFT);
                let at = t * LANE_ROWS + 8 * j;
                store(sums, at, i32x4_add(load(sums, at), low));
                store(sums, at + 4, i32x4_add(load(sums, at + 4), high));
            }
        }
    }
}

/// Writes each four of `q` as i16 in the order 0, 2, 1, 3.
pub(crate) fn widen(q: &[i8], q16: &mut [i16]) {
    for (q, out) in q.chunks_exact(4).zip(q16.chunks_exact_mut(4)) {
        out.copy_from_slice(&[q[0].into(), q[2].into(), q[1].into(), q[3].into()]);
    }
}
