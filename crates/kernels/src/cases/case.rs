//! A comparison, how its values are drawn, and how outputs are compared.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::attention::layout::Depth;
use crate::format::layout::Bits;

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// Seeded, over the whole range.
    Random,
    /// The largest magnitude of one sign everywhere.
    Highest,
    /// The largest magnitude of the other sign on weights.
    Lowest,
    /// Alternating extremes.
    Alternating,
    /// All zero (−1 bits for the binary family).
    Zero,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// ternary
    Ternary,
    /// one bit with groups of 128
    GroupedOne,
    /// two bits with groups of 64
    GroupedTwo64,
    /// two bits with groups of 256
    GroupedTwo256,
    /// binary
    Binary,
    /// int8 rows
    Int8,
    /// int4 rows
    Int4,
    /// `dot_f32`, `dot_i8`, `axpy_f32`; `rows` is unused.
    Vector,
    /// `attend`, `attend_f32` without a depth, of this many query heads; `rows` positions of head dim `k`.
    Attention(Option<Depth>, usize),
}

/// One comparison.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub(super) subject: Subject,
    pub(super) rows: usize,
    pub(super) k: usize,
    pub(super) fill: Fill,
    pub(super) seed: u64,
}

impl Case {
    /// What this case is.
    pub fn name(&self) -> String {
        format!("{:?} {}x{} {:?} seed {}", self.subject, self.rows, self.k, self.fill, self.seed)
    }

    pub(super) fn draw(&self, stream: u64) -> Draw {
        Draw { state: self.seed << 32 ^ stream << 8 ^ (self.rows * 131 + self.k) as u64, fill: self.fill }
    }
}

/// Whether both kernels fill `[n]` with exactly the naive values.
pub(super) fn agree(
    n: usize,
    naive: impl Iterator<Item = f32>,
    spec: impl Fn(&mut [f32]),
    variant: impl Fn(&mut [f32]),
) -> bool {
    let (mut a, mut b) = (vec![f32::NAN; n], vec![f32::NAN; n]);
    spec(&mut a);
    variant(&mut b);
    naive.map(f32::to_bits).eq(a.iter().map(|v| v.to_bits()))
        && a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Whether `one` (token by token) and `all` fill `[n][rows]` with exactly the naive values.
pub(super) fn same(rows: usize, naive: &[f32], one: impl Fn(usize, &mut [f32]), all: impl Fn(&mut [f32])) -> bool {
    let mut y = vec![f32::NAN; naive.len()];
    let equal = |y: &[f32]| naive.iter().zip(y).all(|(a, b)| a.to_bits() == b.to_bits());
    y.chunks_exact_mut(rows).enumerate().for_each(|(t, y)| one(t, y));
    let alone = equal(&y);
    y.fill(f32::NAN);
    all(&mut y);
    alone && equal(&y)
}

/// A seeded stream of values (splitmix64).
pub(super) struct Draw {
    state: u64,
    fill: Fill,
}

impl Draw {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A ternary code; `Highest` is +1, `Lowest` −1.
    pub(super) fn code(&mut self, i: usize) -> u8 {
        match self.fill {
            Fill::Random => (self.next() % 3) as u8,
            Fill::Highest => 2,
            Fill::Lowest => 0,
            Fill::Alternating => [0, 2][i % 2],
            Fill::Zero => 1,
        }
    }

    /// A code, up to the largest its bits hold.
    pub(super) fn lane_code(&mut self, bits: Bits, i: usize) -> u8 {
        let max = if bits == Bits::One { 1 } else { 3 };
        match self.fill {
            Fill::Random => (self.next() % (max + 1)) as u8,
            Fill::Highest => max as u8,
            Fill::Lowest => 0,
            Fill::Alternating => [0, max as u8][i % 2],
            Fill::Zero => 1,
        }
    }

    pub(super) fn int8(&mut self, i: usize, weight: bool) -> i8 {
        match self.fill {
            Fill::Random => (self.next() % 255) as i8 as i32 as i8,
            Fill::Lowest if weight => -127,
            Fill::Highest | Fill::Lowest => 127,
            Fill::Alternating => [127, -127][i % 2],
            Fill::Zero => 0,
        }
        .max(-127)
    }

    pub(super) fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|i| f32::from(self.int8(i, true)) / 31.7 + (self.next() % 1000) as f32 * 1e-4).collect()
    }
}
