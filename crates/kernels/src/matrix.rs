//! Borrowed views of packed matrices. Building one is the proof that its sizes fit; kernels rely on it.

use crate::line::{self, Line};
use crate::math::f16_to_f32;
use crate::pack::{self, Bits, Form, Layout};

/// Ternary weights in a lane layout, one scale: `[rows][k]`, W1.58.
#[derive(Clone, Copy)]
pub struct Ternary<'a> {
    /// `padded_rows * k / 4` bytes (DESIGN.md, Layouts).
    pub(crate) codes: &'a [u8],
    pub(crate) form: Form,
    pub(crate) rows: usize,
    pub(crate) k: usize,
    pub(crate) scale: f32,
    /// whether code 3 occurs; read by the wasm GEMMs
    #[allow(dead_code)]
    pub(crate) wide: bool,
}

impl<'a> Ternary<'a> {
    /// `None` if the lines do not hold exactly a packed `rows × k` matrix or `k` is not a multiple of 16. `wide`
    /// says that code 3 (+2) may occur.
    pub fn new(lines: &'a [Line], layout: Layout, (rows, k): (usize, usize), scale: f32, wide: bool) -> Option<Self> {
        let form = Form::new(layout, Bits::Two);
        let lanes = matches!(layout, Layout::Quad | Layout::Column);
        let whole = lanes && k > 0 && k % pack::TERNARY_STEP == 0 && lines.len() == form.lines(rows, k);
        whole.then(|| Ternary { codes: line::bytes(lines), form, rows, k, scale, wide })
    }
}

/// Weights of few bits in a lane layout with an f16 scale per `group` of k and row: `[rows][k]`.
///
/// Two bits: codes 0..=3 for −1, 0, +1, +2 (Q2_0, TQ* with varying scales). One bit: 0 for −1, 1 for +1 (Q1_0).
#[derive(Clone, Copy)]
pub struct Grouped<'a> {
    /// `padded_rows * k * bits / 8` bytes (DESIGN.md, Layouts).
    pub(crate) codes: &'a [u8],
    /// f16 bits, `[padded_rows / 32][k / group][32]`
    pub(crate) scales: &'a [u16],
    pub(crate) form: Form,
    pub(crate) rows: usize,
    pub(crate) k: usize,
    pub(crate) group: usize,
    /// whether code 3 occurs; read by the wasm GEMMs
    #[allow(dead_code)]
    pub(crate) wide: bool,
}

impl<'a> Grouped<'a> {
    /// `None` if lines and scales do not hold exactly a packed `rows × k` matrix, `group` is not a multiple of 32 or
    /// `k` not one of `group`.
    pub fn new(
        lines: &'a [Line],
        scales: &'a [u16],
        form: Form,
        (rows, k): (usize, usize),
        group: usize,
        wide: bool,
    ) -> Option<Self> {
        let whole = matches!(form.layout, Layout::Quad | Layout::Column)
            && form.bits != Bits::Four
            && group > 0
            && group % 32 == 0
            && k > 0
            && k % group == 0
            && rows > 0;
        let sized = lines.len() == form.lines(rows, k) && scales.len() == pack::group_scales(rows, k, group.max(1));
        let wide = wide && form.bits == Bits::Two;
        (whole && sized).then(|| Grouped { codes: line::bytes(lines), scales, form, rows, k, group, wide })
    }
}

impl Ternary<'_> {
    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        for (k, o) in out.iter_mut().enumerate() {
            let code = pack::code_at(self.form, self.codes, self.k, r, k);
            *o = (i32::from(code) - 1) as f32 * self.scale;
        }
    }
}

impl Grouped<'_> {
    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        let groups = self.k / self.group;
        for (k, o) in out.iter_mut().enumerate() {
            let code = i32::from(pack::code_at(self.form, self.codes, self.k, r, k));
            let value = if self.form.bits == Bits::One { 2 * code - 1 } else { code - 1 };
            *o = value as f32 * f16_to_f32(self.scales[pack::scale_at(r, groups, k / self.group)]);
        }
    }

    /// Width of a code.
    pub fn bits(&self) -> Bits {
        self.form.bits
    }

    /// Asserts that a kernel of `form` is given a row and an output of this matrix.
    pub(crate) fn check(&self, form: Form, x: GroupedActivation, y: &[f32]) {
        let groups = self.k / self.group;
        assert!(self.form == form && x.q.len() == self.k && y.len() == self.rows);
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

/// Binary weights, row-major or in columns, with one α a row: `[rows][k]`, W1.
#[derive(Clone, Copy)]
pub struct Binary<'a> {
    /// `rows * k / 8` bytes (columns: padded rows), then padding to a line.
    pub(crate) bits: &'a [u8],
    pub(crate) layout: Layout,
    /// `[rows]`
    pub(crate) alpha: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Binary<'a> {
    /// `None` if the lines do not hold exactly a packed `rows × k` matrix or `k` is not a multiple of 128.
    pub fn new(lines: &'a [Line], layout: Layout, alpha: &'a [f32], k: usize) -> Option<Self> {
        let form = Form::new(layout, Bits::One);
        let sized = lines.len() == form.lines(alpha.len(), k);
        let layouts = matches!(layout, Layout::Row | Layout::Tall);
        let whole = layouts && k > 0 && k % pack::BINARY_STEP == 0 && sized;
        whole.then(|| Binary { bits: line::bytes(lines), layout, alpha, k })
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

/// Int4 rows in quads with one scale each: `[rows][k]`, codes 1..=15 for −7..=7, W4.
#[derive(Clone, Copy)]
pub struct Int4Rows<'a> {
    /// `padded_rows * k / 2` bytes (DESIGN.md, Layouts).
    pub(crate) codes: &'a [u8],
    /// `[rows]`
    pub(crate) scales: &'a [f32],
    pub(crate) k: usize,
}

impl<'a> Int4Rows<'a> {
    /// How the codes are packed.
    pub const FORM: Form = Form::new(Layout::Quad, Bits::Four);

    /// `None` if the lines do not hold exactly a packed `rows × k` matrix or `k` is not a multiple of 16.
    pub fn new(lines: &'a [Line], scales: &'a [f32], k: usize) -> Option<Self> {
        let whole = k > 0 && k % pack::INT8_STEP == 0 && lines.len() == Self::FORM.lines(scales.len(), k);
        whole.then(|| Int4Rows { codes: line::bytes(lines), scales, k })
    }

    /// Dequantises row `r` (an embedding) into `out` `[k]`.
    pub fn row(&self, r: usize, out: &mut [f32]) {
        for (k, o) in out.iter_mut().enumerate() {
            *o = (i32::from(pack::code_at(Self::FORM, self.codes, self.k, r, k)) - 8) as f32 * self.scales[r];
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

/// Several activation rows in int8: GEMM kernels.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    /// `[n][k]`, −127..=127
    pub q: &'a [i8],
    /// The same as i16, each four as 0, 2, 1, 3: `[n][k]`; read by packed16 only.
    pub q16: &'a [i16],
    /// Real value of one step, `[n]` or `[n][k / group]`.
    pub scales: &'a [f32],
    /// Σ q, `[n]` or `[n][k / group]`.
    pub sums: &'a [i32],
}

/// One activation row in one bit: `x ≈ ±beta`, W1A1 kernels.
#[derive(Clone, Copy)]
pub struct BinaryActivation<'a> {
    /// `[k / 8]`, bit 1 = +1
    pub bits: &'a [u8],
    /// Mean |x − threshold|.
    pub beta: f32,
}
