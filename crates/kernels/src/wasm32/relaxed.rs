//! Relaxed-SIMD variants of the dot products; the rest is the same in both SIMD artifacts.
//!
//! The relaxed dot products are exact, hence deterministic, while their second operand stays in 0..=127 and no pair sum
//! leaves i16: codes ≤ 15 give ±3810, |x| ≤ 127 with |w| ≤ 127 gives ±32258. The probe checks that an engine keeps to this.

use core::arch::wasm32::*;

use super::dot::{int8_rows, CodeSums};
use super::lanes::{code_mask, Sums};
use super::memory::{load, load_quad};
use crate::activation::Activation;
use crate::format::layout::STEP_BYTES;
use crate::matrix::Int8;

/// One relaxed dot for 16 codes, activations in the i8 slot, codes in the i7 slot.
pub struct Dot;

impl CodeSums for Dot {
    #[inline(always)]
    fn sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> Sums {
        let bits = 8 / PLANES as u32;
        let mask = code_mask::<PLANES>();
        let mut acc = [i32x4_splat(0); 8];
        for (step, q) in codes.chunks_exact(STEP_BYTES).zip(q.chunks_exact(4 * PLANES)) {
            let quads: [v128; PLANES] = core::array::from_fn(|p| load_quad(q, 4 * p));
            for (v, acc) in acc.iter_mut().enumerate() {
                let w = load(step, 16 * v);
                for (p, x) in quads.iter().enumerate() {
                    // Wasm has no 8-bit shift worth using: a 16-bit one, then the mask drops what crossed over.
                    let codes = v128_and(u16x8_shr(w, bits * p as u32), mask);
                    *acc = i32x4_relaxed_dot_i8x16_i7x16_add(*x, codes, *acc);
                }
            }
        }
        acc
    }
}

/// Dot products into i16 lanes, for engines without a fused i32 form. Codes ≤ 3.
pub struct Dot16;

/// Dots of codes ≤ 3 (±762 a pair) whose sum fits i16.
const DOT16_RUN: usize = 40;

impl CodeSums for Dot16 {
    #[inline(always)]
    fn sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> Sums {
        let bits = 8 / PLANES as u32;
        let mask = code_mask::<PLANES>();
        let steps = DOT16_RUN / PLANES;
        let mut acc = [i32x4_splat(0); 8];
        for (codes, q) in codes.chunks(steps * STEP_BYTES).zip(q.chunks(steps * 4 * PLANES)) {
            let mut sums = [i16x8_splat(0); 8];
            for (step, q) in codes.chunks_exact(STEP_BYTES).zip(q.chunks_exact(4 * PLANES)) {
                let quads: [v128; PLANES] = core::array::from_fn(|p| load_quad(q, 4 * p));
                for (v, sums) in sums.iter_mut().enumerate() {
                    let w = load(step, 16 * v);
                    for (p, x) in quads.iter().enumerate() {
                        let codes = v128_and(u16x8_shr(w, bits * p as u32), mask);
                        *sums = i16x8_add(*sums, i16x8_relaxed_dot_i8x16_i7x16(*x, codes));
                    }
                }
            }
            for (acc, sums) in acc.iter_mut().zip(sums) {
                *acc = i32x4_add(*acc, i32x4_extadd_pairwise_i16x8(sums));
            }
        }
        acc
    }
}

/// [`crate::scalar::gemv_int8`] with the sign moved to the weights: |x| in the i7 slot, ±w in the i8 slot.
#[inline(never)]
pub fn gemv_int8(w: &Int8, x: Activation, y: &mut [f32]) {
    int8_rows(w, x, y, |row, q| {
        let mut acc = [i32x4_splat(0); 4];
        for at in (0..q.len()).step_by(16) {
            let x = load(q, at);
            let sign = i8x16_shr(x, 7);
            let magnitude = i8x16_abs(x);
            for (r, acc) in acc.iter_mut().enumerate() {
                let signed = i8x16_sub(v128_xor(load(row[r], at), sign), sign);
                *acc = i32x4_relaxed_dot_i8x16_i7x16_add(signed, magnitude, *acc);
            }
        }
        acc
    });
}
