//! Rows of the cache to eight and four bits.

use super::layout::Depth;
use crate::active::abs_max;
use crate::math::round_even;
use crate::quant::{quantize, steps};

/// Writes a cache row as values of `depth` into `q` and returns its scale. Eight bits are [`quantize`]; four bits the same
/// with 7 in place of 127.
pub fn quantize_row(depth: Depth, x: &[f32], q: &mut [i8]) -> f32 {
    assert_eq!(x.len(), q.len());
    if depth == Depth::Eight {
        return quantize(x, q).0;
    }
    let (step, scale) = steps(abs_max(x), 7.0);
    for (q, x) in q.iter_mut().zip(x) {
        *q = (round_even(x * step) as i32).clamp(-7, 7) as i8;
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bits_round_to_sevenths_and_ties_to_even() {
        let mut q = [0i8; 6];
        assert_eq!(quantize_row(Depth::Four, &[7.0, -7.0, 2.5, 3.5, -0.5, 0.4], &mut q), 1.0);
        assert_eq!(q, [7, -7, 2, 4, 0, 0]);
        assert_eq!(quantize_row(Depth::Eight, &[127.0, -127.0, 2.5, 3.5, -0.5, 0.4], &mut q), 1.0);
        assert_eq!(q, [127, -127, 2, 4, 0, 0]);
    }
}
