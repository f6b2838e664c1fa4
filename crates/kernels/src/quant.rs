//! Activations and rows from float to int8 and to one bit.

use crate::active::{abs_max, round_row, round_row16, sign_bits};
use crate::math::round_even;
use crate::scalar;

/// Writes `q[i] = round(x[i]·127/amax)` into `q` and returns (scale, Σ q), `amax = max(|x|, 1e-5)`.
/// Source: BitNet b1.58 `activation_quant`, clamped to ±127.
pub fn quantize(x: &[f32], q: &mut [i8]) -> (f32, i32) {
    let amax = abs_max(x);
    let (step, scale) = steps(amax, 127.0);
    (scale, if amax.is_finite() { round_row(x, step, q) } else { scalar::round_row(x, step, q) })
}

/// [`quantize`] to int16, with 32767 in place of 127.
pub fn quantize16(x: &[f32], q: &mut [i16]) -> (f32, i32) {
    let amax = abs_max(x);
    let (step, scale) = steps(amax, 32767.0);
    (scale, if amax.is_finite() { round_row16(x, step, q) } else { scalar::round_row16(x, step, q) })
}

/// (steps a unit, units a step) where `amax`, at least 1e-5, takes `max` steps.
pub(crate) fn steps(amax: f32, max: f32) -> (f32, f32) {
    let amax = if amax > 1e-5 { amax } else { 1e-5 };
    (max / amax, amax / max)
}

/// Like [`quantize`] for a weight row: a zero row has scale 0.
pub fn quantize_row(row: &[f32], q: &mut [i8]) -> f32 {
    let amax = abs_max(row);
    let step = if amax > 0.0 { 127.0 / amax } else { 0.0 };
    // The reciprocal of the least floats is infinite.
    let tame = amax.is_finite() && step.is_finite();
    let _ = if tame { round_row(row, step, q) } else { scalar::round_row(row, step, q) };
    amax / 127.0
}

/// [`quantize_row`] to int4 codes: `codes[i] = round(row[i]·7/amax) + 8`, 1..=15; returns `amax / 7`.
pub fn quantize_row4(row: &[f32], codes: &mut [u8]) -> f32 {
    let amax = abs_max(row);
    let step = if amax > 0.0 { 7.0 / amax } else { 0.0 };
    for (code, x) in codes.iter_mut().zip(row) {
        *code = (round_even(x * step) as i32 + 8) as u8;
    }
    amax / 7.0
}

/// Writes bit `x[k] − threshold[k] ≥ 0` into `bits` `[k / 8]` and returns β = mean |x − threshold|.
/// Source: RSign of ReActNet (arXiv 2003.03488) with XNOR-Net's scale per token.
pub fn binarize(x: &[f32], threshold: &[f32], bits: &mut [u8]) -> f32 {
    sign_bits(x, threshold, bits) / x.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantize_matches_the_golden_row_of_the_formats_page() {
        let x: std::vec::Vec<f32> = (0..256).map(|i| 0.1f32 + 2.0 * ((i + 1) as f64).cos() as f32).collect();
        let mut q = [0i8; 256];
        let (scale, sum) = quantize(&x, &mut q);
        assert_eq!(q[..16], [71, -44, -114, -73, 40, 122, 97, -12, -104, -95, 7, 108, 116, 23, -86, -110]);
        assert_eq!(sum, 1377);
        assert!((1.0 / scale - 60.485_218).abs() < 1e-3);
    }

    #[test]
    fn sixteen_bits_take_every_step() {
        let mut q = [0i16; 4];
        let (scale, sum) = quantize16(&[0.5, -2.0, 2.0, 0.25], &mut q);
        assert_eq!((q, sum), ([8192, -32767, 32767, 4096], 8192 + 4096));
        assert_eq!(scale, 2.0 / 32767.0);
        assert_eq!(quantize16(&[0.0; 4], &mut q), (1e-5 / 32767.0, 0));
    }

    #[test]
    fn extremes_stay_inside_127() {
        let mut q = [0i8; 4];
        assert_eq!(quantize(&[3.0, -3.0, 0.0, 2.99], &mut q).1, 127);
        assert_eq!(q, [127, -127, 0, 127]);
        assert_eq!(quantize(&[0.0; 4], &mut q), (1e-5 / 127.0, 0));
        assert_eq!(quantize_row(&[0.0; 4], &mut q), 0.0);
        assert_eq!(q, [0; 4]);
        let mut codes = [0u8; 4];
        assert_eq!(quantize_row4(&[0.7, -0.7, 0.0, 0.34], &mut codes), 0.7 / 7.0);
        assert_eq!(codes, [15, 1, 8, 11]);
    }

    #[test]
    fn binarize_sets_a_bit_for_zero_and_above() {
        let mut bits = [0u8; 1];
        let beta = binarize(
            &[1.0, -1.0, 0.5, 0.0, -2.0, 3.0, 0.25, 0.25],
            &[0.0, 0.0, 0.5, 0.0, -3.0, 4.0, 0.0, 0.5],
            &mut bits,
        );
        assert_eq!(bits[0], 0b0101_1101);
        assert_eq!(beta, (1.0 + 1.0 + 0.0 + 0.0 + 1.0 + 1.0 + 0.25 + 0.25) / 8.0);
    }
}
