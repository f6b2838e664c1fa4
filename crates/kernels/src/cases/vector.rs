//! Dot products and sums.

use std::vec::Vec;

use super::{agree, Case};
use crate::math::lane_sum;
use crate::{active, scalar};

impl Case {
    pub(super) fn vector(&self) -> bool {
        let (mut left, mut right) = (self.draw(1), self.draw(2));
        let (a, b) = (left.floats(self.k), right.floats(self.k));
        let qa: Vec<i8> = (0..self.k).map(|i| left.int8(i, true)).collect();
        let qb: Vec<i8> = (0..self.k).map(|i| right.int8(i, false)).collect();
        let exact: i32 = qa.iter().zip(&qb).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        active::dot_f32(&a, &b).to_bits() == lane_sum(self.k, |i| a[i] * b[i]).to_bits()
            && active::dot_i8(&qa, &qb) == exact
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
