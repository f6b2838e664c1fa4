//! The single definition of every packed layout (drawn in DESIGN.md).
//!
//! Packing works block by block, so a matrix is repacked while its bytes stream in, with no second copy.

use crate::line::Line;

/// Rows of a block of quads or columns.
pub const LANE_ROWS: usize = 32;
/// Rows of a block of tall columns.
pub const TALL_ROWS: usize = 64;
/// k covered by one step of a two-bit quad block.
pub const TERNARY_STEP: usize = Bits::Two.step();
/// Bytes of one quad step: 8 vectors of 16.
pub const STEP_BYTES: usize = 128;
/// A binary row is whole 128-bit vectors.
pub const BINARY_STEP: usize = 128;
/// An int8 row is whole 16-byte vectors.
pub const INT8_STEP: usize = 16;
/// Largest k of the tile a GEMM unpacks: 8 kB of codes beside a slice's activations in the first-level cache.
pub const TILE_K: usize = 256;
/// Lines of that tile.
pub const TILE_LINES: usize = Line::count(TILE_K * LANE_ROWS);
/// Four two-bit codes of weight 0: what fresh storage is filled with, so that padding rows are zero.
pub const TERNARY_ZERO: u8 = 0x55;

/// Bits of a weight in a lane layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// ±1
    One,
    /// −1..=2
    Two,
    /// −8..=7
    Four,
}

impl Bits {
    /// Weights a byte holds.
    pub const fn planes(self) -> usize {
        match self {
            Bits::One => 8,
            Bits::Two => 4,
            Bits::Four => 2,
        }
    }

    /// k covered by one step of a quad block.
    pub const fn step(self) -> usize {
        4 * self.planes()
    }
}

/// Which weights share a byte and a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row-major, neighbouring k in a byte; rows are not padded.
    Row,
    /// A 32-bit lane is one row's four neighbouring k, planes `4·planes` apart: for dot products.
    Quad,
    /// A byte is one row's neighbouring k, a vector 16 rows: for lookups.
    Column,
    /// The same in blocks of 64 rows, whose four vectors share a column's tables: W1A1.
    Tall,
}

impl Layout {
    /// Rows of a block; a row of [`Layout::Row`] stands alone.
    pub const fn block_rows(self) -> usize {
        match self {
            Layout::Row => 1,
            Layout::Quad | Layout::Column => LANE_ROWS,
            Layout::Tall => TALL_ROWS,
        }
    }
}

/// A packed form of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Order of the codes.
    pub layout: Layout,
    /// Width of a code.
    pub bits: Bits,
}

impl Form {
    /// A form.
    pub const fn new(layout: Layout, bits: Bits) -> Self {
        Form { layout, bits }
    }

    /// Lines of a packed `rows × k` matrix.
    pub const fn lines(self, rows: usize, k: usize) -> usize {
        let stored = rows.next_multiple_of(self.layout.block_rows());
        Line::count(stored * k / self.bits.planes())
    }
}

/// f16 scales of a grouped matrix.
pub const fn group_scales(rows: usize, k: usize, group: usize) -> usize {
    rows.div_ceil(LANE_ROWS) * LANE_ROWS * (k / group)
}

/// Where the scale of `row` and group `g` stands among `k / group = groups` of a row.
pub const fn scale_at(row: usize, groups: usize, g: usize) -> usize {
    (row / LANE_ROWS * groups + g) * LANE_ROWS + row % LANE_ROWS
}

/// Lines of an int8 matrix.
pub const fn int8_lines(rows: usize, k: usize) -> usize {
    Line::count(rows * k)
}

/// Stores `codes` at `[row][k0..]` of a packed matrix with `k` columns. `k0` and `codes.len()` are multiples of the
/// form's [`Bits::step`].
pub fn put_codes(form: Form, packed: &mut [u8], k: usize, row: usize, k0: usize, codes: &[u8]) {
    match (form.layout, form.bits) {
        (Layout::Quad, Bits::One) => put_quads::<8>(packed, k, row, k0, codes),
        (Layout::Quad, Bits::Two) => put_quads::<4>(packed, k, row, k0, codes),
        (Layout::Quad, Bits::Four) => put_quads::<2>(packed, k, row, k0, codes),
        (Layout::Column, Bits::One) => put_columns::<8, LANE_ROWS>(packed, k, row, k0, codes),
        (Layout::Column, Bits::Two) => put_columns::<4, LANE_ROWS>(packed, k, row, k0, codes),
        (Layout::Column, Bits::Four) => put_columns::<2, LANE_ROWS>(packed, k, row, k0, codes),
        (Layout::Tall, Bits::One) => put_columns::<8, TALL_ROWS>(packed, k, row, k0, codes),
        (Layout::Tall, Bits::Two) => put_columns::<4, TALL_ROWS>(packed, k, row, k0, codes),
        (Layout::Tall, Bits::Four) => put_columns::<2, TALL_ROWS>(packed, k, row, k0, codes),
        (Layout::Row, Bits::One) => put_row::<8>(packed, k, row, k0, codes),
        (Layout::Row, Bits::Two) => put_row::<4>(packed, k, row, k0, codes),
        (Layout::Row, Bits::Four) => put_row::<2>(packed, k, row, k0, codes),
    }
}

/// [`put_codes`] with `PLANES` codes a byte, known to the compiler so that a step unrolls.
#[inline(always)]
fn put_quads<const PLANES: usize>(packed: &mut [u8], k: usize, row: usize, k0: usize, codes: &[u8]) {
    let step = 4 * PLANES;
    let block = row / LANE_ROWS * (k / step);
    let lane = row % LANE_ROWS * 4;
    for (g, codes) in codes.chunks_exact(step).enumerate() {
        let at = (block + k0 / step + g) * STEP_BYTES + lane;
        let mut word = 0u32;
        for (p, quad) in codes.chunks_exact(4).enumerate() {
            word |= u32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]) << (p * (8 / PLANES));
        }
        packed[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
}

#[inline(always)]
fn put_columns<const PLANES: usize, const ROWS: usize>(
    packed: &mut [u8],
    k: usize,
    row: usize,
    k0: usize,
    codes: &[u8],
) {
    let first = row / ROWS * (k / PLANES) + k0 / PLANES;
    for (column, codes) in codes.chunks_exact(PLANES).enumerate() {
        packed[(first + column) * ROWS + row % ROWS] = byte_of::<PLANES>(codes);
    }
}

#[inline(always)]
fn put_row<const PLANES: usize>(packed: &mut [u8], k: usize, row: usize, k0: usize, codes: &[u8]) {
    for (byte, codes) in packed[(row * k + k0) / PLANES..].iter_mut().zip(codes.chunks_exact(PLANES)) {
        *byte = byte_of::<PLANES>(codes);
    }
}

#[inline(always)]
fn byte_of<const PLANES: usize>(codes: &[u8]) -> u8 {
    codes.iter().enumerate().fold(0, |byte, (i, code)| byte | code << (i * (8 / PLANES)))
}

/// Stores sign bits (bit `i` of a byte: k `8j + i`) at `[row][k0..]` of a one-bit matrix, row-major or in columns.
pub fn put_signs(layout: Layout, packed: &mut [u8], k: usize, row: usize, k0: usize, signs: &[u8]) {
    if layout == Layout::Row {
        packed[(row * k + k0) / 8..][..signs.len()].copy_from_slice(signs);
        return;
    }
    let rows = layout.block_rows();
    let first = row / rows * (k / 8) + k0 / 8;
    for (column, byte) in signs.iter().enumerate() {
        packed[(first + column) * rows + row % rows] = *byte;
    }
}

/// The code at `[row][k0]` of a packed matrix with `k` columns.
pub fn code_at(form: Form, packed: &[u8], k: usize, row: usize, k0: usize) -> u8 {
    let (step, planes) = (form.bits.step(), form.bits.planes());
    let width = 8 / planes;
    let (rows, block) = (form.layout.block_rows(), row / form.layout.block_rows());
    let (at, plane) = match form.layout {
        Layout::Quad => ((block * (k / step) + k0 / step) * STEP_BYTES + row % LANE_ROWS * 4 + k0 % 4, k0 % step / 4),
        Layout::Column | Layout::Tall => ((block * (k / planes) + k0 / planes) * rows + row % rows, k0 % planes),
        Layout::Row => ((row * k + k0) / planes, k0 % planes),
    };
    packed[at] >> (plane * width) & ((1u16 << width) - 1) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line;
    use std::vec;
    use std::vec::Vec;

    fn code(bits: Bits, r: usize, c: usize) -> u8 {
        ((r * 5 + c * 7 + r * c) % (1 << (8 / bits.planes()))) as u8
    }

    fn packed(form: Form, rows: usize, k: usize) -> Vec<Line> {
        let mut lines = vec![Line::filled(TERNARY_ZERO); form.lines(rows, k)];
        for r in 0..rows {
            let row: Vec<u8> = (0..k).map(|c| code(form.bits, r, c)).collect();
            put_codes(form, line::bytes_mut(&mut lines), k, r, 0, &row[..32]);
            put_codes(form, line::bytes_mut(&mut lines), k, r, 32, &row[32..]);
        }
        lines
    }

    #[test]
    fn quads_are_as_drawn() {
        let (rows, k) = (33, 64);
        let lines = packed(Form { layout: Layout::Quad, bits: Bits::Two }, rows, k);
        for (r, c) in (0..64).flat_map(|r| (0..k).map(move |c| (r, c))) {
            let (g, p, kk) = (c / 16, c % 16 / 4, c % 4);
            let at = (r / 32 * (k / 16) + g) * 128 + r % 32 / 4 * 16 + r % 4 * 4 + kk;
            let want = if r < rows { code(Bits::Two, r, c) } else { 1 };
            assert_eq!(line::bytes(&lines)[at] >> (2 * p) & 3, want, "row {r} k {c}");
        }
    }

    #[test]
    fn columns_are_as_drawn() {
        let (rows, k) = (33, 64);
        let lines = packed(Form { layout: Layout::Column, bits: Bits::Two }, rows, k);
        for (r, c) in (0..64).flat_map(|r| (0..k).map(move |c| (r, c))) {
            let at = (r / 32 * (k / 4) + c / 4) * 32 + r % 32;
            let want = if r < rows { code(Bits::Two, r, c) } else { 1 };
            assert_eq!(line::bytes(&lines)[at] >> (2 * (c % 4)) & 3, want, "row {r} k {c}");
        }
    }

    #[test]
    fn signs_are_one_bit_codes() {
        let codes: Vec<u8> = (0..64).map(|k| (k * k / 5 % 2) as u8).collect();
        let mut signs = [0u8; 8];
        put_codes(Form::new(Layout::Row, Bits::One), &mut signs, 64, 0, 0, &codes);
        for layout in [Layout::Row, Layout::Column, Layout::Tall] {
            let form = Form::new(layout, Bits::One);
            let (mut by_code, mut by_sign) = ([0u8; 64 * 64 / 8], [0u8; 64 * 64 / 8]);
            put_codes(form, &mut by_code, 64, 37, 0, &codes);
            put_signs(layout, &mut by_sign, 64, 37, 0, &signs);
            assert_eq!(by_code, by_sign);
        }
    }

    #[test]
    fn every_form_reads_back() {
        for (layout, bits) in [Layout::Row, Layout::Quad, Layout::Column, Layout::Tall]
            .into_iter()
            .flat_map(|layout| [Bits::One, Bits::Two, Bits::Four].map(|bits| (layout, bits)))
        {
            let form = Form { layout, bits };
            let lines = packed(form, 33, 96);
            for (r, c) in (0..33).flat_map(|r| (0..96).map(move |c| (r, c))) {
                assert_eq!(code_at(form, line::bytes(&lines), 96, r, c), code(bits, r, c), "{form:?} row {r} k {c}");
            }
        }
    }
}
