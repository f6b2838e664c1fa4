//! [`Kernels`] in strict SIMD128: eight int16 products an instruction, `i32x4.dot_i16x8`, exact in any order.

use core::arch::wasm32::*;

use super::kernels::{CachedHead, Kernels, Query, CHUNK, MIN_WEIGHT, TILE};
use super::layout::{Depth, BLOCK};
use crate::math::LANES;
use crate::wasm32::memory::{lanes, load, store};
use crate::wasm32::vector::{exp, max, max_bits, reduce, rounded};

/// The SIMD variant, in the simd128 and the relaxed artifact.
pub struct Simd128;

/// Key blocks that share a load of the query.
const BLOCKS: usize = 2;

impl Kernels for Simd128 {
    fn scores(keys: CachedHead, q: &[i16], queries: &[Query], scale: f32, out: &mut [f32], stride: usize) {
        let call = (keys, q, queries, scale);
        match (keys.depth, queries.len()) {
            (Depth::Eight, 1) => scores::<Eight, 1>(call, out, stride),
            (Depth::Eight, 2) => scores::<Eight, 2>(call, out, stride),
            (Depth::Eight, _) => scores::<Eight, TILE>(call, out, stride),
            (Depth::Four, 1) => scores::<Four, 1>(call, out, stride),
            (Depth::Four, 2) => scores::<Four, 2>(call, out, stride),
            (Depth::Four, _) => scores::<Four, TILE>(call, out, stride),
        }
    }

    fn softmax(scores: &mut [f32]) -> f32 {
        let largest = f32x4_splat(max(scores));
        let mut partial = [f32x4_splat(0.0); LANES / 4];
        let (rows, rest) = scores.split_at_mut(scores.len() / LANES * LANES);
        for row in rows.chunks_exact_mut(LANES) {
            for (j, partial) in partial.iter_mut().enumerate() {
                let p = exp(f32x4_sub(load(row, 4 * j), largest));
                store(row, 4 * j, p);
                *partial = f32x4_add(*partial, p);
            }
        }
        if rest.is_empty() {
            return reduce(partial);
        }
        let mut last = [0f32; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for (j, partial) in partial.iter_mut().enumerate() {
            let p = exp(f32x4_sub(load(&last, 4 * j), largest));
            store(&mut last, 4 * j, p);
            let lanes = i32x4_lt(i32x4(0, 1, 2, 3), i32x4_splat(rest.len() as i32 - 4 * j as i32));
            // The sum of a lane that ended keeps its bits.
            *partial = v128_bitselect(f32x4_add(*partial, p), *partial, lanes);
        }
        rest.copy_from_slice(&last[..rest.len()]);
        reduce(partial)
    }

    fn weights(p: &[f32], scales: &[f32], u: &mut [i16; CHUNK]) -> f32 {
        let (n, whole) = (p.len(), p.len() / 4 * 4);
        assert!(n <= CHUNK && n <= scales.len());
        let mut w = [0f32; CHUNK];
        let mut largest = u32x4_splat(0);
        for at in (0..whole).step_by(4) {
            let product = f32x4_mul(load(p, at), load(scales, at));
            store(&mut w, at, product);
            largest = u32x4_max(largest, product);
        }
        for at in whole..n {
            w[at] = p[at] * scales[at];
        }
        let largest = max_bits(if whole < n { u32x4_max(largest, load(&w, whole)) } else { largest });
        if largest < MIN_WEIGHT.to_bits() {
            return 0.0;
        }
        let largest = f32::from_bits(largest);
        if !largest.is_finite() {
            return largest / 32767.0;
        }
        let step = f32x4_splat(32767.0 / largest);
        let quad = |at: usize| rounded(load(&w, at), step);
        for at in (0..n).step_by(8) {
            store(u, at, i16x8_narrow_i32x4(quad(at), quad(at + 4)));
        }
        largest / 32767.0
    }

    fn mix(values: CachedHead, u: &[[i16; CHUNK]], steps: &[f32], out: &mut [f32]) {
        match (values.depth, u.len()) {
            (Depth::Eight, 1) => mix::<Eight, 1, 4>(values, u, steps, out),
            (Depth::Eight, 2) => mix::<Eight, 2, 4>(values, u, steps, out),
            (Depth::Eight, _) => mix::<Eight, TILE, 2>(values, u, steps, out),
            (Depth::Four, 1) => mix::<Four, 1, 4>(values, u, steps, out),
            (Depth::Four, 2) => mix::<Four, 2, 4>(values, u, steps, out),
            (Depth::Four, _) => mix::<Four, TILE, 2>(values, u, steps, out),
        }
    }
}

/// How four dimensions of a block of four positions widen to two vectors of int16.
trait Widen {
    /// What a stored value is above its meaning.
    const OFFSET: i32;
    const DEPTH: Depth;

    /// Keys: two pairs of dimensions from `4·d` on, each `[position][2]`.
    fn keys(block: &[u8], d: usize) -> [v128; 2];

    /// Values: two pairs of positions, each `[4 dimensions from d on][2]`.
    fn values(block: &[u8], width: usize, d: usize) -> [v128; 2];
}

struct Eight;
struct Four;

impl Widen for Eight {
    const OFFSET: i32 = 0;
    const DEPTH: Depth = Depth::Eight;

    #[inline(always)]
    fn keys(block: &[u8], d: usize) -> [v128; 2] {
        [widen_i8(block, 4 * d), widen_i8(block, 4 * d + 8)]
    }

    #[inline(always)]
    fn values(block: &[u8], width: usize, d: usize) -> [v128; 2] {
        [widen_i8(block, 2 * d), widen_i8(block, 2 * width + 2 * d)]
    }
}

impl Widen for Four {
    const OFFSET: i32 = 8;
    const DEPTH: Depth = Depth::Four;

    #[inline(always)]
    fn keys(block: &[u8], d: usize) -> [v128; 2] {
        halves(widen_u8(block, 2 * d))
    }

    #[inline(always)]
    fn values(block: &[u8], _width: usize, d: usize) -> [v128; 2] {
        halves(widen_u8(block, 2 * d))
    }
}

#[inline(always)]
fn halves(bytes: v128) -> [v128; 2] {
    [v128_and(bytes, i16x8_splat(15)), u16x8_shr(bytes, 4)]
}

#[inline(always)]
fn scores<W: Widen, const H: usize>(
    (keys, q, queries, scale): (CachedHead, &[i16], &[Query], f32),
    out: &mut [f32],
    stride: usize,
) {
    let width = keys.width;
    assert!(q.len() >= H * width && out.len() >= (H - 1) * stride + keys.scales.len());
    let q: [&[i16]; H] = core::array::from_fn(|h| &q[h * width..(h + 1) * width]);
    let bytes = W::DEPTH.block_bytes(width);
    let blocks = keys.bytes.len() / bytes;
    for first in (0..blocks).step_by(BLOCKS) {
        // A last pair of one block takes it twice.
        let at: [usize; BLOCKS] = core::array::from_fn(|b| (first + b).min(blocks - 1));
        let block = at.map(|at| &keys.bytes[at * bytes..][..bytes]);
        let mut acc = [[i32x4_splat(0); BLOCKS]; H];
        for h in 0..H {
            acc[h] = [i32x4_splat(-W::OFFSET * queries[h].sum); BLOCKS];
        }
        for d in (0..width).step_by(4) {
            let k = block.map(|block| W::keys(block, d));
            for h in 0..H {
                let (low, high) = (load_pair(q[h], d), load_pair(q[h], d + 2));
                for b in 0..BLOCKS {
                    acc[h][b] = i32x4_add(acc[h][b], i32x4_dot_i16x8(k[b][0], low));
                    acc[h][b] = i32x4_add(acc[h][b], i32x4_dot_i16x8(k[b][1], high));
                }
            }
        }
        for (h, b) in (0..H).flat_map(|h| (0..BLOCKS).map(move |b| (h, b))) {
            let scales = f32x4_mul(f32x4_splat(queries[h].scale), load(keys.scales, at[b] * BLOCK));
            let factor = f32x4_mul(scales, f32x4_splat(scale));
            store(out, h * stride + at[b] * BLOCK, f32x4_mul(f32x4_convert_i32x4(acc[h][b]), factor));
        }
    }
}

/// `D` vectors of four dimensions at a time.
#[inline(always)]
fn mix<W: Widen, const H: usize, const D: usize>(
    values: CachedHead,
    u: &[[i16; CHUNK]],
    steps: &[f32],
    out: &mut [f32],
) {
    let (width, head_dim) = (values.width, out.len() / H);
    assert!(values.scales.len() <= CHUNK && head_dim <= width);
    let bytes = W::DEPTH.block_bytes(width);
    let offset: [i32; H] = core::array::from_fn(|h| W::OFFSET * sum_i16(&u[h]));
    for first in (0..width).step_by(4 * D) {
        // A last tile of fewer vectors repeats its last and drops the surplus.
        let dims: [usize; D] = core::array::from_fn(|v| (first + 4 * v).min(width - 4));
        let mut acc = [[i32x4_splat(0); D]; H];
        for h in 0..H {
            acc[h] = [i32x4_splat(-offset[h]); D];
        }
        for (b, block) in values.bytes.chunks_exact(bytes).enumerate() {
            let v = dims.map(|d| W::values(block, width, d));
            for h in 0..H {
                let (low, high) = (load_pair(&u[h], b * BLOCK), load_pair(&u[h], b * BLOCK + 2));
                for d in 0..D {
                    acc[h][d] = i32x4_add(acc[h][d], i32x4_dot_i16x8(v[d][0], low));
                    acc[h][d] = i32x4_add(acc[h][d], i32x4_dot_i16x8(v[d][1], high));
                }
            }
        }
        for (h, out) in out.chunks_exact_mut(head_dim).enumerate() {
            for d in (0..D).take_while(|d| first + 4 * d < head_dim) {
                add_scaled(&mut out[first + 4 * d..], acc[h][d], steps[h]);
            }
        }
    }
}

/// `out[i] += float(acc[i]) · step` for the up to four dimensions that are left.
#[inline(always)]
fn add_scaled(out: &mut [f32], acc: v128, step: f32) {
    let n = out.len().min(4);
    let mut four = [0f32; 4];
    four[..n].copy_from_slice(&out[..n]);
    let sum = f32x4_add(load(&four, 0), f32x4_mul(f32x4_convert_i32x4(acc), f32x4_splat(step)));
    store(&mut four, 0, sum);
    out[..n].copy_from_slice(&four[..n]);
}

/// Σ u, at most 256 · 32767.
#[inline(always)]
fn sum_i16(u: &[i16; CHUNK]) -> i32 {
    let mut sum = i32x4_splat(0);
    for at in (0..CHUNK).step_by(8) {
        sum = i32x4_add(sum, i32x4_extadd_pairwise_i16x8(load(u, at)));
    }
    lanes(sum).iter().sum()
}

/// Eight bytes at `from[at..]` as int16, sign kept.
#[inline(always)]
fn widen_i8(from: &[u8], at: usize) -> v128 {
    debug_assert!(from.len() - at >= 8);
    // SAFETY: callers stay at least 8 bytes before the end of a block: `at` is a multiple of 8 under its bytes, which
    // `CachedHead::new` made whole. The load takes any alignment.
    unsafe { i16x8_load_extend_i8x8(from.as_ptr().add(at).cast()) }
}

/// Eight bytes at `from[at..]` as int16, never negative.
#[inline(always)]
fn widen_u8(from: &[u8], at: usize) -> v128 {
    debug_assert!(from.len() - at >= 8);
    // SAFETY: as in `widen_i8`.
    unsafe { u16x8_load_extend_u8x8(from.as_ptr().add(at).cast()) }
}

/// The pair of int16 at `from[at..]` in every 32-bit lane.
#[inline(always)]
fn load_pair(from: &[i16], at: usize) -> v128 {
    debug_assert!(from.len() - at >= 2);
    // SAFETY: callers pass an index under a length that is a multiple of four, with `at` even; any alignment will do.
    unsafe { v128_load32_splat(from.as_ptr().add(at).cast()) }
}
