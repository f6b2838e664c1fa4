//! Borrowed views of packed matrices. Building one is the proof that its sizes fit; kernels rely on it.

use crate::line::{self, Line};
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
        let whole = k > 0 && k % pack::TERNARY_STEP == 0 && lines.len() == pack::ternary_lines(rows, k);
        whole.then(|| Ternary { codes: line::bytes(lines), rows, k, scale })
    }
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
