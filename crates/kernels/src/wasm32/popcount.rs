//! Binary rows by XOR and `i8x16.popcnt`.
// Indices, not iterators: the arrays must dissolve into registers.
#![allow(clippy::needless_range_loop)]

use core::arch::wasm32::*;

use super::memory::{lanes, load};
use crate::activation::BinaryTokens;
use crate::format::layout::BitRows;
use crate::matrix::Binary;

/// Vectors whose popcounts (≤ 8 a byte) fit a u8 accumulator.
const RUN: usize = 31;

/// Rows and tokens of a tile.
const GEMV_ROWS: usize = 4;
const GEMM_ROWS: usize = 2;
const GEMM_TOKENS: usize = 2;

/// [`crate::scalar::gemv_binary`], four rows at once.
#[inline(never)]
pub fn gemv_binary(rows: BitRows, w: &Binary, bits: &[u8], beta: f32, y: &mut [f32]) {
    gemm::<GEMV_ROWS, 1>(rows, w, BinaryTokens { bits, beta: &[beta] }, y);
}

/// [`crate::scalar::gemv_binary`] of every token, into `y` `[n][rows]`.
#[inline(never)]
pub fn gemm_binary(rows: BitRows, w: &Binary, x: BinaryTokens, y: &mut [f32]) {
    gemm::<GEMM_ROWS, GEMM_TOKENS>(rows, w, x, y);
}

fn gemm<const R: usize, const T: usize>(bit_rows: BitRows, w: &Binary, x: BinaryTokens, y: &mut [f32]) {
    let BinaryTokens { bits, beta } = x;
    let (rows, width) = (w.alpha.len(), w.k / 8);
    assert!(bits.len() == beta.len() * width && y.len() == beta.len() * rows);
    for first in (0..rows).step_by(R) {
        // A last tile of fewer rows or tokens repeats its first and drops the surplus.
        let row: [&[u8]; R] = core::array::from_fn(|r| {
            let r = if first + r < rows { first + r } else { first };
            &bit_rows.0[r * width..(r + 1) * width]
        });
        for token in (0..beta.len()).step_by(T) {
            let x: [&[u8]; T] = core::array::from_fn(|t| {
                let t = if token + t < beta.len() { token + t } else { token };
                &bits[t * width..(t + 1) * width]
            });
            let counts = unlike(row, x);
            for (t, counts) in counts.iter().enumerate().take(beta.len() - token) {
                for (r, count) in counts.iter().enumerate().take(rows - first) {
                    let like = (w.k as i32 - 2 * count) as f32;
                    y[(token + t) * rows + first + r] = like * (w.alpha[first + r] * beta[token + t]);
                }
            }
        }
    }
}

/// Unlike bits of each row and token.
#[inline(always)]
fn unlike<const R: usize, const T: usize>(rows: [&[u8]; R], tokens: [&[u8]; T]) -> [[i32; R]; T] {
    let zero = i32x4_splat(0);
    let mut total = [[zero; R]; T];
    let bytes = rows[0].len();
    for first in (0..bytes).step_by(16 * RUN) {
        let mut counts = [[zero; R]; T];
        for at in (first..bytes.min(first + 16 * RUN)).step_by(16) {
            let x: [v128; T] = core::array::from_fn(|t| load(tokens[t], at));
            for r in 0..R {
                let w = load(rows[r], at);
                for t in 0..T {
                    counts[t][r] = u8x16_add(counts[t][r], u8x16_popcnt(v128_xor(w, x[t])));
                }
            }
        }
        for t in 0..T {
            for r in 0..R {
                let quads = u32x4_extadd_pairwise_u16x8(u16x8_extadd_pairwise_u8x16(counts[t][r]));
                total[t][r] = i32x4_add(total[t][r], quads);
            }
        }
    }
    core::array::from_fn(|t| core::array::from_fn(|r| lanes(total[t][r]).iter().sum()))
}
