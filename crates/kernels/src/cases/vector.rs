//! Dot products and sums.

use std::vec;
use std::vec::Vec;

use super::case::{agree, Case};
use crate::math::lane_sum;
use crate::{active, quant, scalar};

impl Case {
    pub(super) fn vector(&self) -> bool {
        let (mut left, mut right) = (self.draw(1), self.draw(2));
        let (a, b) = (left.floats(self.k), right.floats(self.k));
        let qa: Vec<i8> = (0..self.k).map(|i| left.int8(i, true)).collect();
        let qb: Vec<i8> = (0..self.k).map(|i| right.int8(i, false)).collect();
        let exact: i32 = qa.iter().zip(&qb).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        active::dot_f32(&a, &b).to_bits() == lane_sum(self.k, |i| a[i] * b[i]).to_bits()
            && active::dot_i8(&qa, &qb) == exact
            && rounds(&a, &[0.0, 1.0, 31.7, 1e3, 1e5])
            && rounds(&[f32::MIN_POSITIVE, -1e-30, 0.5, -1.5, 2.5, -0.0, 126.5].repeat(self.k), &[1.0, 127.0])
            && extremes(&[f32::NAN, f32::INFINITY, -1e30, 3e38, 1e-45, -0.0].repeat(self.k))
            && extremes(&[1e-45, 0.0].repeat(self.k))
            && signs(&a, &b, self.k / 8 * 8)
            && agree(
                self.k,
                (0..self.k).map(|i| a[i] + 0.3 * b[i]),
                from(&a, |y| scalar::axpy_f32(y, 0.3, &b)),
                from(&a, |y| active::axpy_f32(y, 0.3, &b)),
            )
    }
}

fn from<'a>(start: &'a [f32], f: impl Fn(&mut [f32]) + 'a) -> impl Fn(&mut [f32]) + 'a {
    move |y| {
        y.copy_from_slice(start);
        f(y);
    }
}

/// Rounding to int8 and int16 at steps up to where everything is clamped, against the standard library's.
fn rounds(x: &[f32], steps: &[f32]) -> bool {
    steps.iter().all(|step| {
        let naive = |max: f32| -> Vec<i32> {
            x.iter().map(|x| ((x * step).round_ties_even() as i32).clamp(-max as i32, max as i32)).collect()
        };
        let (mut q8, mut q16) = (vec![0i8; x.len()], vec![0i16; x.len()]);
        let sums = (active::round_row(x, *step, &mut q8), active::round_row16(x, *step, &mut q16));
        let (want8, want16) = (naive(127.0), naive(32767.0));
        sums == (want8.iter().sum(), want16.iter().sum())
            && q8.iter().map(|q| i32::from(*q)).eq(want8)
            && q16.iter().map(|q| i32::from(*q)).eq(want16)
    })
}

fn signs(x: &[f32], threshold: &[f32], n: usize) -> bool {
    let (x, threshold) = (&x[..n], &threshold[..n]);
    let mut bits = vec![0u8; n / 8];
    let sum = active::sign_bits(x, threshold, &mut bits);
    sum.to_bits() == lane_sum(n, |i| (x[i] - threshold[i]).abs()).to_bits()
        && (0..n).all(|i| (bits[i / 8] >> (i % 8) & 1 == 1) == (x[i] >= threshold[i]))
}

/// Rows with what no activation should hold: quantised as the specification says, in every build.
fn extremes(x: &[f32]) -> bool {
    let naive = |amax: f32, max: f32, floor: f32| -> Vec<i32> {
        let amax = if amax > floor { amax } else { floor };
        let step = if amax > 0.0 { max / amax } else { 0.0 };
        x.iter().map(|x| ((x * step).round_ties_even() as i32).clamp(-max as i32, max as i32)).collect()
    };
    let amax = x.iter().fold(0f32, |m, x| if x.is_nan() || x.abs() > m { x.abs() } else { m });
    let (mut q8, mut q16, mut row) = (vec![0i8; x.len()], vec![0i16; x.len()], vec![0i8; x.len()]);
    quant::quantize(x, &mut q8);
    quant::quantize16(x, &mut q16);
    quant::quantize_row(x, &mut row);
    let wide = |q: &[i8]| q.iter().map(|q| i32::from(*q)).collect::<Vec<i32>>();
    wide(&q8) == naive(amax, 127.0, 1e-5)
        && q16.iter().map(|q| i32::from(*q)).eq(naive(amax, 32767.0, 1e-5))
        && wide(&row) == naive(amax, 127.0, 0.0)
}
