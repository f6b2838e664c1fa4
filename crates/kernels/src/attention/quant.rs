//! Queries to int16, rows of the cache to four bits.

use super::layout::Depth;
use crate::math::{abs_max, round_even};
use crate::quant::quantize;

/// Writes `q[i] = round(x[i]·32767/amax)` into `q` and returns (scale, Σ q), `amax = max(|x|, 1e-5)`.
pub fn quantize16(x: &[f32], q: &mut [i16]) -> (f32, i32) {
    assert_eq!(x.len(), q.len());
    let (step, scale) = step(x, 32767.0);
    for (q, x) in q.iter_mut().zip(x) {
        *q = (round_even(x * step) as i32).clamp(-32767, 32767) as i16;
    }
    (scale, q.iter().map(|q| i32::from(*q)).sum())
}

/// Writes a cache row as values of `depth` into `q` and returns its scale. Eight bits are
/// [`crate::quant::quantize`]; four bits the same with 7 in place of 127.
pub fn quantize_row(depth: Depth, x: &[f32], q: &mut [i8]) -> f32 {
    assert_eq!(x.len(), q.len());
    if depth == Depth::Eight {
        return quantize(x, q).0;
    }
    let (step, scale) = step(x, 7.0);
    for (q, x) in q.iter_mut().zip(x) {
        *q = (round_even(x * step) as i32).clamp(-7, 7) as i8;
    }
    scale
}

/// (steps a unit, units a step) where the largest magnitude takes `most` steps.
fn step(x: &[f32], most: f32) -> (f32, f32) {
    let amax = abs_max(x);
    let amax = if amax > 1e-5 { amax } else { 1e-5 };
    (most / amax, amax / most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_magnitude_takes_every_step() {
        let mut q = [0i16; 4];
        let (scale, sum) = quantize16(&[0.5, -2.0, 2.0, 0.25], &mut q);
        assert_eq!((q, sum), ([8192, -32767, 32767, 4096], 8192 + 4096));
        assert_eq!(scale, 2.0 / 32767.0);
        assert_eq!(quantize16(&[0.0; 4], &mut q), (1e-5 / 32767.0, 0));
    }

    #[test]
    fn four_bits_round_to_sevenths_and_ties_to_even() {
        let mut q = [0i8; 6];
        assert_eq!(quantize_row(Depth::Four, &[7.0, -7.0, 2.5, 3.5, -0.5, 0.4], &mut q), 1.0);
        assert_eq!(q, [7, -7, 2, 4, 0, 0]);
        assert_eq!(quantize_row(Depth::Eight, &[127.0, -127.0, 2.5, 3.5, -0.5, 0.4], &mut q), 1.0);
        assert_eq!(q, [127, -127, 2, 4, 0, 0]);
    }
}
