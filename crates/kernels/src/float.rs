//! Element by element operations between the linears. LLVM vectorises them here; inlined into a crate that is built for
//! size it would not (SiLU gate 7.5 ns a value against 1.4), so they stay calls.

use crate::math::{exp, positive};

/// `gate[i] = silu(gate[i]) · up[i]`, `silu(g) = g · (1 / (1 + e⁻ᵍ))`
#[inline(never)]
pub fn silu_gate(gate: &mut [f32], up: &[f32]) {
    for (g, u) in gate.iter_mut().zip(up) {
        *g = (*g * (1.0 / (1.0 + exp(-*g)))) * u;
    }
}

/// `gate[i] = max(gate[i], 0)² · up[i]`
#[inline(never)]
pub fn relu2_gate(gate: &mut [f32], up: &[f32]) {
    for (g, u) in gate.iter_mut().zip(up) {
        let r = positive(*g);
        *g = (r * r) * u;
    }
}

/// `x[i] += y[i] · scale`
#[inline(never)]
pub fn add_scaled(x: &mut [f32], y: &[f32], scale: f32) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y * scale;
    }
}

/// `x[i] *= factor`
#[inline(never)]
pub fn scale(x: &mut [f32], factor: f32) {
    x.iter_mut().for_each(|x| *x *= factor);
}

/// `x[i] = (x[i] · r) · weight[i]`
#[inline(never)]
pub fn scale_by(x: &mut [f32], r: f32, weight: &[f32]) {
    for (x, w) in x.iter_mut().zip(weight) {
        *x = (*x * r) * w;
    }
}

/// Rotates pairs `(low[i], high[i])` by angles `[n]`. RoPE, NEOX pairing.
#[inline(never)]
pub fn turn_halves(low: &mut [f32], high: &mut [f32], cos: &[f32], sin: &[f32]) {
    for (((a, b), cos), sin) in low.iter_mut().zip(high).zip(cos).zip(sin) {
        (*a, *b) = (*a * cos - *b * sin, *a * sin + *b * cos);
    }
}

/// Rotates pairs `(x[2i], x[2i + 1])` by angles `[n]`. RoPE, NORM pairing.
#[inline(never)]
pub fn turn_pairs(x: &mut [f32], cos: &[f32], sin: &[f32]) {
    for ((pair, cos), sin) in x.chunks_exact_mut(2).zip(cos).zip(sin) {
        (pair[0], pair[1]) = (pair[0] * cos - pair[1] * sin, pair[0] * sin + pair[1] * cos);
    }
}

/// Whether no value is infinite or NaN; without a branch, so that it compiles to vectors.
#[inline(never)]
pub fn all_finite(x: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    !x.iter().fold(false, |bad, v| bad | (v.to_bits() & EXPONENT == EXPONENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates() {
        let mut gate = [1.0f32, -1.0, 2.0];
        relu2_gate(&mut gate, &[3.0, 3.0, 0.5]);
        assert_eq!(gate, [3.0, 0.0, 2.0]);
        silu_gate(&mut gate, &[1.0; 3]);
        assert!((gate[0] - 2.857_722).abs() < 1e-5 && gate[1] == 0.0);
    }

    #[test]
    fn one_value_that_is_not_finite_is_found() {
        let mut x = [0f32; 37];
        assert!(all_finite(&x) && all_finite(&[f32::MAX, -0.0]));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            x[36] = bad;
            assert!(!all_finite(&x));
        }
    }
}
