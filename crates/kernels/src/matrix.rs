//! Borrowed views of packed matrices. Building one is the proof that its sizes fit; kernels rely on it.

use crate::line::{self, Line};
use crate::math::f16_to_f32;
use crate::pack;

/// Ternary weights in the row-lane layout, one scale: `[rows][k]`, W1.58.
#[derive(Clone, Copy)]
pub struct Ternary<'a> {
    /// `padded_rows * k / 4` bytes (DESIGN.md, Layouts).
    pub(crate) codes: &'a [u8],
    pub(crate) rows: usize,
    pub(crate) k: usize,
    pub(crate) scale: f32,
}

impl<'a> Ternary<'a> {
    /// `None` if the lines do not hold exactly a packed `rows × k` matrix or `k` is not a multiple of 16.
    pub fn new(lines: &'a [Line], rows: usize, k: usize, scale: f32) -> Option<Self> {
        let whole = k > 0 && k % pack::TERNARY_STEP == 0 && lines.len() == pack::lane_lines(Bits::Two, rows, k);
        whole.then(|| Ternary { codes: line::bytes(lines), rows, k, scale })
    }
}

/// Weights of few bits in the row-lane layout with an f16 scale per `group` of k and row: `[rows][k]`.
///
/// Two bits: codes 0..=3 for −1, 0, +1, +2 (Q2_0, TQ* with varying scales). One bit: 0 for −1, 1 for +1 (Q1_0).
#[derive(Clone, Copy)]
pub struct Grouped<'a> {
    /// `padded_rows * k * bits / 8` bytes (DESIGN.md, Layouts).
    pub(crate) codes: &'a [u8],
    /// f16 bits, `[padded_rows / 32][k / group][32]`
    pub(crate) scales: &'a [u16],
    pub(crate) bits: Bits,
    pub(crate) rows: usize,
    pub(crate) k: usize,
    pub(crate) group: usize,
}

/// Bits of a weight in the row-lane layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// ±1
    One,
    /// −1..=2
    Two,
}

impl Bits {
    /// Planes of a byte: weights it holds.
    pub const fn planes(self) -> usize {
        match self {
            Bits::One => 8,
            Bits::Two => 4,
        }
    }

    /// k covered by one step of a block.
    pub const fn step(self) -> usize {
        4 * self.planes()
    }
}

impl<'a> Grouped<'a> {
    /// `None` if lines and scales do not hold exactly a packed `rows × k` matrix, `group` is not a multiple of 32 or
    /// `k` not one of `group`.
    pub fn new(
        lines: &'a [Line],
        scales: &'a [u16],
        bits: Bits,
        (rows, k): (usize, usize),
        group: usize,
    ) -> Option<Self> {
        let whole = group > 0 && group % 32 == 0 && k > 0 && k % group == 0 && rows > 0;
        let sized =
            lines.len() == pack::lane_lines(bits, rows, k) && scales.len() == pack::group_scales(rows, k, group.max(1));
        (whole && sized).then(|| Grouped { codes: line::bytes(lines), scales, bits, rows, k, group })
    }
}

impl Ternary<'_> {
    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        for (k, o) in out.iter_mut().enumerate() {
            let code = pack::code_at(Bits::Two, self.codes, self.k, r, k);
            *o = (i32::from(code) - 1) as f32 * self.scale;
        }
    }
}

impl Grouped<'_> {
    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        let groups = self.k / self.group;
        for (k, o) in out.iter_mut().enumerate() {
            let code = i32::from(pack::code_at(self.bits, self.codes, self.k, r, k));
            let value = if self.bits == Bits::One { 2 * code - 1 } else { code - 1 };
            *o = value as f32 * f16_to_f32(self.scales[pack::scale_at(r, groups, k / self.group)]);
        }
    }

    /// Asserts that a kernel of `planes` is given a row and an output of this matrix.
    pub(crate) fn check(&self, planes: usize, x: GroupedActivation, y: &[f32]) {
        let groups = self.k / self.group;
        assert!(self.bits.planes() == planes && x.q.len() == self.k && y.len() == self.rows);
        assert!(x.scales.len() == groups && x.sums.len() == groups);
    }
}

/// One activation row in int8 with a scale and a sum per weight group: W·A8 kernels of grouped weights.
#[derive(Clone, Copy)]
pub struct GroupedActivation<'a> {
    /// `[k]`, −127..=127
    pub q: &'a [i8],
    /// Real value of one step, `[k / group]`.
    pub scales: &'a [f32],
    /// Σ q of each group, `[k / group]`.
    pub sums: &'a [i32],
}

/// Binary weights, row-major bits with one α a row: `[rows][k]`, W1.
#[derive(Clone, Copy)]
pub struct Binary<'a> {
    /// `rows * k / 8` bytes, then padding to a line.
    pub(crate) bits: &'a [u8],
    /// `[rows]`
    pub(crate) alpha: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Binary<'a> {
    /// `None` if the lines do not hold exactly a packed `rows × k` matrix or `k` is not a multiple of 128.
    pub fn new(lines: &'a [Line], alpha: &'a [f32], k: usize) -> Option<Self> {
        let whole = k > 0 && k % pack::BINARY_STEP == 0 && lines.len() == pack::binary_lines(alpha.len(), k);
        whole.then(|| Binary { bits: line::bytes(lines), alpha, k })
    }
}

/// Int8 rows with one scale each: `[rows][k]`, W8.
#[derive(Clone, Copy)]
pub struct Int8Rows<'a> {
    /// `rows * k` values in −127..=127, then padding to a line.
    pub(crate) values: &'a [i8],
    /// `[rows]`
    pub(crate) scales: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Int8Rows<'a> {
    /// `None` if the lines do not hold exactly a `rows × k` matrix or `k` is not a multiple of 16.
    pub fn new(lines: &'a [Line], scales: &'a [f32], k: usize) -> Option<Self> {
        let whole = k > 0 && k % pack::INT8_STEP == 0 && lines.len() == pack::int8_lines(scales.len(), k);
        whole.then(|| Int8Rows { values: line::int8(lines), scales, k })
    }

    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        let values = &self.values[r * self.k..][..self.k];
        for (o, q) in out.iter_mut().zip(values) {
            *o = f32::from(*q) * self.scales[r];
        }
    }
}

/// One activation row in int8: `x ≈ q · scale`, W·A8 kernels.
#[derive(Clone, Copy)]
pub struct Activation<'a> {
    /// `[k]`, −127..=127
    pub q: &'a [i8],
    /// Real value of one step.
    pub scale: f32,
    /// Σ q
    pub sum: i32,
}

/// One activation row in one bit: `x ≈ ±beta`, W1A1 kernels.
#[derive(Clone, Copy)]
pub struct BinaryActivation<'a> {
    /// `[k / 8]`, bit 1 = +1
    pub bits: &'a [u8],
    /// Mean |x − threshold|.
    pub beta: f32,
}
