//! Relaxed-SIMD variants: only the kernels that gain; the rest is simd128's.
//!
//! `i32x4.relaxed_dot_i8x16_i7x16_add_s` is exact, hence deterministic, while its second operand stays in 0..=127 and no
//! pair sum leaves i16: codes ≤ 3 give ±762, |x| ≤ 127 with |w| ≤ 127 gives ±32258. The probe checks that an engine
//! keeps to this.

use core::arch::wasm32::*;

use crate::matrix::{Activation, Grouped, GroupedActivation, Int8Rows, Ternary};
use crate::pack::STEP_BYTES;
use crate::simd128::{grouped_rows, int8_rows, load, load_quad, ternary_rows, STEP_VECTORS};

pub use crate::simd128::{axpy_f32, dot_f32, dot_i8, gemv_w1a1};

/// Which kernels these are.
pub const VARIANT: &str = "relaxed";

/// [`crate::scalar::gemv_w158a8`]: one relaxed dot for 16 codes, activations in the i8 slot, codes in the i7 slot.
pub fn gemv_w158a8(w: &Ternary, x: Activation, y: &mut [f32]) {
    ternary_rows(w, x, y, block_sums::<4>);
}

/// [`crate::scalar::gemv_q1a8`], sums as in [`gemv_w158a8`].
pub fn gemv_q1a8(w: &Grouped, x: GroupedActivation, y: &mut [f32]) {
    grouped_rows::<8, 2>(w, x, y, block_sums::<8>);
}

/// [`crate::scalar::gemv_q2a8`], sums as in [`gemv_w158a8`].
pub fn gemv_q2a8(w: &Grouped, x: GroupedActivation, y: &mut [f32]) {
    grouped_rows::<4, 1>(w, x, y, block_sums::<4>);
}

#[inline(always)]
fn block_sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> [v128; STEP_VECTORS] {
    let bits = 8 / PLANES as u32;
    let mask = u8x16_splat((1 << bits) - 1);
    let mut acc = [i32x4_splat(0); STEP_VECTORS];
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

/// [`crate::scalar::gemv_i8a8`] with the sign moved to the weights: |x| in the i7 slot, ±w in the i8 slot.
pub fn gemv_i8a8(w: &Int8Rows, x: Activation, y: &mut [f32]) {
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
