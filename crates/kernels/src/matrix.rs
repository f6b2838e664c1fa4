//! Borrowed views of packed matrices, each with the kernels that serve it. Building one is the proof that its sizes fit and
//! that its layout is theirs; kernels rely on it.
// Without SIMD tokens go one by one.
#![cfg_attr(not(target_feature = "simd128"), allow(dead_code))]

use crate::activation::Activation;
use crate::dispatch::choice::{Choice, Gemm};
use crate::dispatch::kernels::{BinaryGemv, LaneGemm, LaneGemv, RowGemv};
use crate::family::Family;
use crate::format::layout::{self, code_at, Bits, Form, Layout};
use crate::line::{self, Line};
use crate::math::f16_to_f32;

/// Ternary weights in lanes, one scale: `[rows][k]`.
#[derive(Clone, Copy)]
pub struct Ternary<'a> {
    /// `padded_rows * k / 4` bytes (DESIGN.md, Layouts)
    pub(crate) gemv: LaneGemv<'a>,
    pub(crate) gemm: LaneGemm,
    pub(crate) rows: usize,
    pub(crate) k: usize,
    pub(crate) scale: f32,
    /// whether code 3 occurs
    pub(crate) wide: bool,
}

impl<'a> Ternary<'a> {
    /// `None` if the lines do not hold exactly a `rows × k` matrix packed for `choice`, which is of this family, or `k` is not
    /// a multiple of 16. `wide` says that code 3 (+2) may occur.
    pub fn new(lines: &'a [Line], choice: Choice, (rows, k): (usize, usize), scale: f32, wide: bool) -> Option<Self> {
        let sized = lines.len() == choice.form(Bits::Two).lines(rows, k);
        if choice.family() != Family::Ternary || k == 0 || k % layout::TERNARY_STEP != 0 || !sized {
            return None;
        }
        let (gemv, gemm) = (LaneGemv::new(choice.gemv(), line::bytes(lines))?, LaneGemm::new(choice.gemm())?);
        Some(Ternary { gemv, gemm, rows, k, scale, wide })
    }

    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        let codes = self.gemv.codes();
        for (k, o) in out.iter_mut().enumerate() {
            *o = (codes.code_at(Bits::Two, self.k, r, k) - 1) as f32 * self.scale;
        }
    }
}

/// Weights of few bits in lanes with an f16 scale per `group` of k and row: `[rows][k]`, two-bit or one-bit.
///
/// Two bits: codes 0..=3 for −1, 0, +1, +2 (Q2_0, TQ* with varying scales). One bit: 0 for −1, 1 for +1 (Q1_0).
#[derive(Clone, Copy)]
pub struct Grouped<'a> {
    /// `padded_rows * k * bits / 8` bytes (DESIGN.md, Layouts)
    pub(crate) gemv: LaneGemv<'a>,
    pub(crate) gemm: LaneGemm,
    /// f16 bits, `[padded_rows / 32][k / group][32]`
    pub(crate) scales: &'a [u16],
    pub(crate) bits: Bits,
    pub(crate) rows: usize,
    pub(crate) k: usize,
    pub(crate) group: usize,
    /// whether code 3 occurs
    pub(crate) wide: bool,
}

impl<'a> Grouped<'a> {
    /// `None` if lines and scales do not hold exactly a `rows × k` matrix packed for `choice`, which is of the two-bit or the
    /// one-bit family, `group` is not a multiple of 32 or `k` not one of `group`.
    pub fn new(
        lines: &'a [Line],
        scales: &'a [u16],
        choice: Choice,
        (rows, k): (usize, usize),
        group: usize,
        wide: bool,
    ) -> Option<Self> {
        let bits = match choice.family() {
            Family::TwoBit => Bits::Two,
            Family::OneBit => Bits::One,
            _ => return None,
        };
        let whole = group > 0 && group % 32 == 0 && k > 0 && k % group == 0 && rows > 0;
        let sized = whole
            && lines.len() == choice.form(bits).lines(rows, k)
            && scales.len() == layout::group_scales(rows, k, group);
        if !sized {
            return None;
        }
        let (gemv, gemm) = (LaneGemv::new(choice.gemv(), line::bytes(lines))?, LaneGemm::new(choice.gemm())?);
        Some(Grouped { gemv, gemm, scales, bits, rows, k, group, wide: wide && bits == Bits::Two })
    }

    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        let (groups, codes) = (self.k / self.group, self.gemv.codes());
        for (k, o) in out.iter_mut().enumerate() {
            let code = codes.code_at(self.bits, self.k, r, k);
            let value = if self.bits == Bits::One { 2 * code - 1 } else { code - 1 };
            *o = value as f32 * f16_to_f32(self.scales[layout::scale_at(r, groups, k / self.group)]);
        }
    }

    /// Asserts that a kernel of `bits` is given a row and an output of this matrix.
    pub(crate) fn check(&self, bits: Bits, x: Activation, y: &[f32]) {
        let groups = self.k / self.group;
        assert!(self.bits == bits && x.q.len() == self.k && y.len() == self.rows);
        assert!(x.scales.len() == groups && x.sums.len() == groups);
    }
}

/// Binary weights, row-major or in tall columns, with one α a row: `[rows][k]`.
#[derive(Clone, Copy)]
pub struct Binary<'a> {
    /// `rows * k / 8` bytes (columns: padded rows), then padding to a line
    pub(crate) gemv: BinaryGemv<'a>,
    /// whether several tokens go by tiles, not one by one
    pub(crate) tiles: bool,
    /// `[rows]`
    pub(crate) alpha: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Binary<'a> {
    /// `None` if the lines do not hold exactly a `rows × k` matrix packed for `choice`, which is of this family, or `k` is not
    /// a multiple of 128.
    pub fn new(lines: &'a [Line], choice: Choice, alpha: &'a [f32], k: usize) -> Option<Self> {
        let sized = lines.len() == choice.form(Bits::One).lines(alpha.len(), k);
        if choice.family() != Family::Binary || k == 0 || k % layout::BINARY_STEP != 0 || !sized {
            return None;
        }
        let gemv = BinaryGemv::new(choice.gemv(), line::bytes(lines))?;
        Some(Binary { gemv, tiles: choice.gemm() != Gemm::TokenByToken, alpha, k })
    }
}

/// Int8 rows with one scale each: `[rows][k]`.
#[derive(Clone, Copy)]
pub struct Int8<'a> {
    pub(crate) gemv: RowGemv,
    /// `rows * k` values in −127..=127, then padding to a line.
    pub(crate) values: &'a [i8],
    /// `[rows]`
    pub(crate) scales: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Int8<'a> {
    /// `None` if the lines do not hold exactly a `rows × k` matrix, `k` is not a multiple of 16 or `choice` is of another
    /// family.
    pub fn new(lines: &'a [Line], choice: Choice, scales: &'a [f32], k: usize) -> Option<Self> {
        let whole = k > 0 && k % layout::INT8_STEP == 0 && lines.len() == layout::int8_lines(scales.len(), k);
        if choice.family() != Family::Int8 || !whole {
            return None;
        }
        Some(Int8 { gemv: RowGemv::new(choice.gemv())?, values: line::int8(lines), scales, k })
    }

    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        let values = &self.values[r * self.k..][..self.k];
        for (o, q) in out.iter_mut().zip(values) {
            *o = f32::from(*q) * self.scales[r];
        }
    }
}

/// Int4 rows in quads with one scale each: `[rows][k]`, codes 1..=15 for −7..=7.
#[derive(Clone, Copy)]
pub struct Int4<'a> {
    pub(crate) gemv: RowGemv,
    /// `padded_rows * k / 2` bytes (DESIGN.md, Layouts).
    pub(crate) codes: &'a [u8],
    /// `[rows]`
    pub(crate) scales: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Int4<'a> {
    /// How the codes are packed.
    pub const FORM: Form = Form::new(Layout::Quads, Bits::Four);

    /// `None` if the lines do not hold exactly a packed `rows × k` matrix, `k` is not a multiple of 16 or `choice` is of
    /// another family.
    pub fn new(lines: &'a [Line], choice: Choice, scales: &'a [f32], k: usize) -> Option<Self> {
        let whole = k > 0 && k % layout::INT8_STEP == 0 && lines.len() == Self::FORM.lines(scales.len(), k);
        if choice.family() != Family::Int4 || !whole {
            return None;
        }
        Some(Int4 { gemv: RowGemv::new(choice.gemv())?, codes: line::bytes(lines), scales, k })
    }

    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        for (k, o) in out.iter_mut().enumerate() {
            *o = (i32::from(code_at(Self::FORM, self.codes, self.k, r, k)) - 8) as f32 * self.scales[r];
        }
    }
}
