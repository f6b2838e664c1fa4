//! Lookup kernels: a swizzle adds a few activations at once. Weights stand in columns (DESIGN.md, Layouts), so a vector is
//! 16 rows and every lane wants the same table.
//!
//! Sums of int8 activations need more than eight bits, so a table is split in two bytes, low bits unsigned and the rest
//! signed: `v = low + 2^b·high`. Lossless, as Σv = Σlow + 2^b·Σhigh, as long as no byte sum overflows before it is widened.
// Indices, not iterators, where arrays of vectors must dissolve into registers.
#![allow(clippy::needless_range_loop)]

use core::arch::wasm32::*;

use super::lanes::{group_rows, ternary_rows, Sums};
use super::memory::{byte_at, floats, load, splat, store};
use crate::activation::{Activation, BinaryTokens, Tables};
use crate::format::layout::{Bits, Columns, TallColumns, LANE_ROWS, TALL_ROWS};
use crate::matrix::{Binary, Grouped, Ternary};

#[cfg(target_feature = "relaxed-simd")]
use core::arch::wasm32::i8x16_relaxed_swizzle as look;
#[cfg(not(target_feature = "relaxed-simd"))]
use core::arch::wasm32::i8x16_swizzle as look;

/// Tables for two-bit weights, `[k / 2][low, high][16]`: entry `c0 + 4·c1` of a pair is
/// `(c0 − 1)·q[2i] + (c1 − 1)·q[2i + 1]`, split at 6 bits.
#[inline(never)]
pub fn pair_tables(q: &[i8], tables: &mut [u8]) {
    let first = i16x8(-1, 0, 1, 2, -1, 0, 1, 2);
    let (low, high) = (i16x8(-1, -1, -1, -1, 0, 0, 0, 0), i16x8(1, 1, 1, 1, 2, 2, 2, 2));
    for (q, table) in q.chunks_exact(2).zip(tables.chunks_exact_mut(32)) {
        let (a, b) = (i16x8_splat(q[0].into()), i16x8_splat(q[1].into()));
        let a = i16x8_mul(a, first);
        split::<6>(i16x8_add(a, i16x8_mul(b, low)), i16x8_add(a, i16x8_mul(b, high)), table);
    }
}

/// Tables for one-bit weights, `[k / 4][low, high][16]`: entry `b` of four is `Σ ±q`, plus where bit `i` is set, split at
/// 7 bits.
#[inline(never)]
pub fn four_tables(q: &[i8], tables: &mut [u8]) {
    let signs =
        [i16x8(-1, 1, -1, 1, -1, 1, -1, 1), i16x8(-1, -1, 1, 1, -1, -1, 1, 1), i16x8(-1, -1, -1, -1, 1, 1, 1, 1)];
    for (q, table) in q.chunks_exact(4).zip(tables.chunks_exact_mut(32)) {
        let mut sum = i16x8_splat(0);
        for (q, signs) in q.iter().zip(signs) {
            sum = i16x8_add(sum, i16x8_mul(i16x8_splat((*q).into()), signs));
        }
        let last = i16x8_splat(q[3].into());
        split::<7>(i16x8_sub(sum, last), i16x8_add(sum, last), table);
    }
}

/// 16 sums as 16 low parts of `BITS` bits and 16 signed high parts.
#[inline(always)]
fn split<const BITS: u32>(first: v128, second: v128, table: &mut [u8]) {
    let mask = i16x8_splat((1 << BITS) - 1);
    store(table, 0, u8x16_narrow_i16x8(v128_and(first, mask), v128_and(second, mask)));
    store(table, 16, i8x16_narrow_i16x8(i16x8_shr(first, BITS), i16x8_shr(second, BITS)));
}

/// [`crate::scalar::gemv_ternary`] by [`pair_tables`] of `x`.
#[inline(never)]
pub fn gemv_ternary(codes: Columns, w: &Ternary, x: Activation, tables: &[u8], y: &mut [f32]) {
    assert!(tables.len() == Tables::Pairs.bytes(w.k));
    ternary_rows(codes.0, w, x, y, |codes| pair_sums(codes, tables));
}

/// [`crate::scalar::gemv_two_bit`] by [`pair_tables`] of `x`.
#[inline(never)]
pub fn gemv_two_bit(codes: Columns, w: &Grouped, x: Activation, tables: &[u8], y: &mut [f32]) {
    assert!(tables.len() == Tables::Pairs.bytes(w.k));
    let bytes = Tables::Pairs.bytes(w.group);
    group_rows(codes.0, (w, Bits::Two), x, y, |codes, g| pair_sums(codes, &tables[g * bytes..][..bytes]));
}

/// [`crate::scalar::gemv_one_bit`] by [`four_tables`] of `x`.
#[inline(never)]
pub fn gemv_one_bit(codes: Columns, w: &Grouped, x: Activation, tables: &[u8], y: &mut [f32]) {
    assert!(tables.len() == Tables::Fours.bytes(w.k));
    let bytes = Tables::Fours.bytes(w.group);
    group_rows(codes.0, (w, Bits::One), x, y, |codes, g| four_sums(codes, &tables[g * bytes..][..bytes]));
}

/// Indices of a column's two nibbles for 16 rows; `mask` is [`splat`] of 15.
#[inline(always)]
fn nibbles(bytes: v128, mask: v128) -> (v128, v128) {
    (v128_and(bytes, mask), v128_and(u16x8_shr(bytes, 4), mask))
}

/// `[low rows 0–7, low rows 8–15]` of each 16 rows, i16.
type Halves = [[v128; 2]; 2];

#[inline(always)]
fn add_low(sums: &mut [v128; 2], low: v128) {
    sums[0] = i16x8_add(sums[0], u16x8_extend_low_u8x16(low));
    sums[1] = i16x8_add(sums[1], u16x8_extend_high_u8x16(low));
}

#[inline(always)]
fn add_high<const BITS: u32>(sums: &mut [v128; 2], high: v128) {
    sums[0] = i16x8_add(sums[0], i16x8_shl(i16x8_extend_low_i8x16(high), BITS));
    sums[1] = i16x8_add(sums[1], i16x8_shl(i16x8_extend_high_i8x16(high), BITS));
}

#[inline(always)]
fn add_wide(total: &mut Sums, halves: Halves) {
    for i in 0..4 {
        let half = halves[i / 2][i % 2];
        total[2 * i] = i32x4_add(total[2 * i], i32x4_extend_low_i16x8(half));
        total[2 * i + 1] = i32x4_add(total[2 * i + 1], i32x4_extend_high_i16x8(half));
    }
}

/// Columns (four k) whose sums (≤ 508 a pair) fit i16.
const PAIR_RUN: usize = 32;
/// Columns whose high parts (−4..=7 a pair) fit i8.
const PAIR_HIGH: usize = 8;

/// Σ w·q of 32 rows by two-bit codes `[columns][32]` and their tables.
#[inline(always)]
fn pair_sums(codes: &[u8], tables: &[u8]) -> Sums {
    let (zero, mask) = (i32x4_splat(0), splat::<15>());
    let mut total = [zero; 8];
    for (codes, tables) in codes.chunks(PAIR_RUN * LANE_ROWS).zip(tables.chunks(PAIR_RUN * 64)) {
        let mut sums = [[zero; 2]; 2];
        for (codes, tables) in codes.chunks(PAIR_HIGH * LANE_ROWS).zip(tables.chunks(PAIR_HIGH * 64)) {
            let mut high = [zero; 2];
            // Two columns: four low parts of at most 63 fit a byte.
            for (codes, tables) in codes.chunks_exact(2 * LANE_ROWS).zip(tables.chunks_exact(2 * 64)) {
                let mut low = [zero; 2];
                for column in 0..2 {
                    let table: [v128; 4] = core::array::from_fn(|i| load(tables, 64 * column + 16 * i));
                    for v in 0..2 {
                        let (a, b) = nibbles(load(codes, LANE_ROWS * column + 16 * v), mask);
                        low[v] = i8x16_add(low[v], i8x16_add(look(table[0], a), look(table[2], b)));
                        high[v] = i8x16_add(high[v], i8x16_add(look(table[1], a), look(table[3], b)));
                    }
                }
                add_low(&mut sums[0], low[0]);
                add_low(&mut sums[1], low[1]);
            }
            add_high::<6>(&mut sums[0], high[0]);
            add_high::<6>(&mut sums[1], high[1]);
        }
        add_wide(&mut total, sums);
    }
    total
}

/// Columns (eight k) whose high parts (−4..=3 a nibble) fit i8: 32 lookups reach −128.
const FOUR_RUN: usize = 16;

/// Σ w·q of 32 rows by sign bits `[columns][32]` and their tables.
#[inline(always)]
fn four_sums(codes: &[u8], tables: &[u8]) -> Sums {
    let (zero, mask) = (i32x4_splat(0), splat::<15>());
    let mut total = [zero; 8];
    for (codes, tables) in codes.chunks(FOUR_RUN * LANE_ROWS).zip(tables.chunks(FOUR_RUN * 64)) {
        let (mut sums, mut high) = ([[zero; 2]; 2], [zero; 2]);
        for (codes, tables) in codes.chunks_exact(LANE_ROWS).zip(tables.chunks_exact(64)) {
            let table: [v128; 4] = core::array::from_fn(|i| load(tables, 16 * i));
            for v in 0..2 {
                let (a, b) = nibbles(load(codes, 16 * v), mask);
                add_low(&mut sums[v], i8x16_add(look(table[0], a), look(table[2], b)));
                high[v] = i8x16_add(high[v], i8x16_add(look(table[1], a), look(table[3], b)));
            }
        }
        add_high::<7>(&mut sums[0], high[0]);
        add_high::<7>(&mut sums[1], high[1]);
        add_wide(&mut total, sums);
    }
    total
}

/// `UNLIKE[x][w]`: bits in which two nibbles differ.
static UNLIKE: [[u8; 16]; 16] = {
    let mut tables = [[0; 16]; 16];
    let mut i = 0;
    while i < 256 {
        tables[i / 16][i % 16] = ((i / 16) ^ (i % 16)).count_ones() as u8;
        i += 1;
    }
    tables
};

/// Columns whose counts (≤ 8) fit a byte, and runs of them that fit u16.
const COUNT_RUN: usize = 31;
const COUNT_RUNS: usize = 256;

/// [`crate::scalar::gemv_binary`]: 64 rows share the tables of a column.
#[inline(never)]
pub fn gemv_binary(codes: TallColumns, w: &Binary, bits: &[u8], beta: f32, y: &mut [f32]) {
    assert!(bits.len() * 8 == w.k && y.len() == w.alpha.len());
    let blocks = codes.0.chunks_exact(w.k / 8 * TALL_ROWS).zip(w.alpha.chunks(TALL_ROWS));
    for ((codes, alpha), y) in blocks.zip(y.chunks_mut(TALL_ROWS)) {
        let [counts] = unlike::<4, 1>(codes, 0, [bits]);
        scale_counts(w.k, &counts, alpha, beta, y);
    }
}

/// Tokens of a [`gemm_binary`] tile.
const TOKENS: usize = 4;

/// [`crate::scalar::gemv_binary`] of every token, into `y` `[n][rows]`: four tokens share the indices of 32 rows.
#[inline(never)]
pub fn gemm_binary(codes: TallColumns, w: &Binary, x: BinaryTokens, y: &mut [f32]) {
    let BinaryTokens { bits, beta } = x;
    let (rows, width) = (w.alpha.len(), w.k / 8);
    assert!(bits.len() == beta.len() * width && y.len() == beta.len() * rows);
    for (half, alpha) in w.alpha.chunks(LANE_ROWS).enumerate() {
        let codes = &codes.0[half / 2 * width * TALL_ROWS..][..width * TALL_ROWS];
        let first = half % 2 * LANE_ROWS;
        let whole = beta.len() / TOKENS * TOKENS;
        for t in (0..whole).step_by(TOKENS) {
            let counts = unlike::<2, TOKENS>(codes, first, core::array::from_fn(|i| token(bits, width, t + i)));
            for i in 0..TOKENS {
                scale_counts(w.k, &counts[i], alpha, beta[t + i], &mut y[(t + i) * rows + half * LANE_ROWS..]);
            }
        }
        for t in whole..beta.len() {
            let [counts] = unlike::<2, 1>(codes, first, [token(bits, width, t)]);
            scale_counts(w.k, &counts, alpha, beta[t], &mut y[t * rows + half * LANE_ROWS..]);
        }
    }
}

fn token(bits: &[u8], width: usize, t: usize) -> &[u8] {
    &bits[t * width..(t + 1) * width]
}

/// `[T][16 rows][i32x4 of 4 rows]`: unlike bits of `16·V` rows from `first` of a block, and `T` tokens.
#[inline(always)]
fn unlike<const V: usize, const T: usize>(codes: &[u8], first: usize, bits: [&[u8]; T]) -> [[[v128; 4]; V]; T] {
    let zero = i32x4_splat(0);
    let mut total = [[[zero; 4]; V]; T];
    let columns = codes.len() / TALL_ROWS;
    for start in (0..columns).step_by(COUNT_RUN * COUNT_RUNS) {
        let mut wide = [[[zero; 2]; V]; T];
        for run in (start..columns.min(start + COUNT_RUN * COUNT_RUNS)).step_by(COUNT_RUN) {
            let counts: [[v128; V]; T] = unlike_run(codes, first, bits, run, columns.min(run + COUNT_RUN));
            for t in 0..T {
                for v in 0..V {
                    add_low(&mut wide[t][v], counts[t][v]);
                }
            }
        }
        for t in 0..T {
            for v in 0..V {
                for i in 0..2 {
                    let [low, high] = [u32x4_extend_low_u16x8(wide[t][v][i]), u32x4_extend_high_u16x8(wide[t][v][i])];
                    total[t][v][2 * i] = i32x4_add(total[t][v][2 * i], low);
                    total[t][v][2 * i + 1] = i32x4_add(total[t][v][2 * i + 1], high);
                }
            }
        }
    }
    total
}

/// Counts of columns `start..end`, at most [`COUNT_RUN`].
#[inline(always)]
fn unlike_run<const V: usize, const T: usize>(
    codes: &[u8],
    first: usize,
    bits: [&[u8]; T],
    start: usize,
    end: usize,
) -> [[v128; V]; T] {
    let mask = splat::<15>();
    let mut counts = [[i32x4_splat(0); V]; T];
    for column in start..end {
        let index: [(v128, v128); V] =
            core::array::from_fn(|v| nibbles(load(codes, TALL_ROWS * column + first + 16 * v), mask));
        for t in 0..T {
            let byte = usize::from(byte_at(bits[t], column));
            let (low, high) = (load(&UNLIKE[byte & 15], 0), load(&UNLIKE[byte >> 4], 0));
            for v in 0..V {
                let (a, b) = index[v];
                counts[t][v] = i8x16_add(counts[t][v], i8x16_add(look(low, a), look(high, b)));
            }
        }
    }
    counts
}

/// `y[r] = float(k − 2·count[r]) · (alpha[r] · beta)`
fn scale_counts(k: usize, counts: &[[v128; 4]], alpha: &[f32], beta: f32, y: &mut [f32]) {
    let quads = counts.iter().flatten().zip(alpha.chunks(4)).zip(y.chunks_mut(4));
    for ((count, alpha), y) in quads {
        let like = floats(i32x4_sub(i32x4_splat(k as i32), i32x4_shl(*count, 1)));
        for ((y, alpha), like) in y.iter_mut().zip(alpha).zip(like) {
            *y = like * (alpha * beta);
        }
    }
}
