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
/// Most bytes the codes of a file's block take, row-major.
pub const MAX_CODE_BYTES: usize = 64;
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
    RowMajor,
    /// A 32-bit lane is one row's four neighbouring k, planes `4·planes` apart: for dot products.
    Quads,
    /// A byte is one row's neighbouring k, a vector 16 rows: for lookups.
    Columns,
    /// The same in blocks of 64 rows, whose four vectors share a column's tables: binary weights.
    TallColumns,
}

impl Layout {
    /// Rows of a block; a row of [`Layout::RowMajor`] stands alone.
    pub const fn block_rows(self) -> usize {
        match self {
            Layout::RowMajor => 1,
            Layout::Quads | Layout::Columns => LANE_ROWS,
            Layout::TallColumns => TALL_ROWS,
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

    /// Whether codes stand in blocks of [`LANE_ROWS`] rows.
    pub const fn is_lanes(self) -> bool {
        matches!(self.layout, Layout::Quads | Layout::Columns)
    }

    /// Lines of a packed `rows × k` matrix.
    pub const fn lines(self, rows: usize, k: usize) -> usize {
        let stored = rows.next_multiple_of(self.layout.block_rows());
        Line::count(stored * k / self.bits.planes())
    }
}

/// Codes in [`Layout::Quads`].
#[derive(Clone, Copy)]
pub struct Quads<'a>(pub(crate) &'a [u8]);

/// Codes in [`Layout::Columns`].
#[cfg(target_feature = "simd128")]
#[derive(Clone, Copy)]
pub struct Columns<'a>(pub(crate) &'a [u8]);

/// Sign bits in [`Layout::TallColumns`].
#[cfg(target_feature = "simd128")]
#[derive(Clone, Copy)]
pub struct TallColumns<'a>(pub(crate) &'a [u8]);

/// Sign bits in [`Layout::RowMajor`].
#[derive(Clone, Copy)]
pub struct BitRows<'a>(pub(crate) &'a [u8]);

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

/// Codes that are made into row-major bytes at a time.
const RUN: usize = 256;

/// Stores `codes` at `[row][k0..]` of a packed matrix with `k` columns. `k0` and `codes.len()` are multiples of the
/// form's [`Bits::step`].
pub fn put_codes(form: Form, packed: &mut [u8], k: usize, row: usize, k0: usize, codes: &[u8]) {
    let planes = form.bits.planes();
    for (run, codes) in codes.chunks(RUN).enumerate() {
        let mut bytes = [0u8; RUN];
        for (byte, codes) in bytes.iter_mut().zip(codes.chunks_exact(planes)) {
            *byte = codes.iter().enumerate().fold(0, |byte, (i, code)| byte | code << (i * (8 / planes)));
        }
        put_bytes(form, packed, k, row, k0 + run * RUN, &bytes[..codes.len() / planes]);
    }
}

/// [`put_codes`] of codes in the order of [`Layout::RowMajor`]: neighbouring k in a byte, the first in its lowest bits.
pub fn put_bytes(form: Form, packed: &mut [u8], k: usize, row: usize, k0: usize, bytes: &[u8]) {
    let planes = form.bits.planes();
    let rows = form.layout.block_rows();
    // A block is a run of columns, of a byte a row or (quads) of four.
    let first = (row / rows * k + k0) / planes * rows;
    match form.layout {
        Layout::RowMajor => packed[first..first + bytes.len()].copy_from_slice(bytes),
        Layout::Columns => put_columns::<LANE_ROWS>(&mut packed[first..], row % rows, bytes),
        Layout::TallColumns => put_columns::<TALL_ROWS>(&mut packed[first..], row % rows, bytes),
        Layout::Quads => match form.bits {
            Bits::One => put_quads(&mut packed[first..], row % rows, bytes, quad_of_one),
            Bits::Two => put_quads(&mut packed[first..], row % rows, bytes, quad_of_two),
            Bits::Four => put_quads(&mut packed[first..], row % rows, bytes, quad_of_four),
        },
    }
}

/// Codes of the rows of a lane block, row-major, as many bytes of each as a file's block may fill.
pub type Band = [[u8; MAX_CODE_BYTES]; LANE_ROWS];

/// [`put_bytes`] of the first `bytes` of all rows of a block in columns or quads, of which `row` is the first: what it
/// writes is one run of memory.
pub fn put_band(form: Form, packed: &mut [u8], k: usize, (row, k0): (usize, usize), band: &Band, bytes: usize) {
    let first = (row / LANE_ROWS * k + k0) / form.bits.planes() * LANE_ROWS;
    let out = &mut packed[first..first + bytes * LANE_ROWS];
    match (form.layout, form.bits) {
        (Layout::Quads, Bits::One) => quad_band(out, band, quad_of_one),
        (Layout::Quads, Bits::Two) => quad_band(out, band, quad_of_two),
        (Layout::Columns, _) => column_band(out, band),
        _ => unreachable!("no file holds such codes"),
    }
}

#[inline(always)]
fn column_band(out: &mut [u8], band: &Band) {
    for (j, column) in out.chunks_exact_mut(LANE_ROWS).enumerate() {
        for (byte, row) in column.iter_mut().zip(band) {
            *byte = row[j];
        }
    }
}

#[inline(always)]
fn quad_band(out: &mut [u8], band: &Band, quad: impl Fn(u32) -> u32) {
    for (g, step) in out.chunks_exact_mut(STEP_BYTES).enumerate() {
        for (lane, row) in step.chunks_exact_mut(4).zip(band) {
            let word = u32::from_le_bytes([row[4 * g], row[4 * g + 1], row[4 * g + 2], row[4 * g + 3]]);
            lane.copy_from_slice(&quad(word).to_le_bytes());
        }
    }
}

#[inline(always)]
fn put_columns<const ROWS: usize>(columns: &mut [u8], row: usize, bytes: &[u8]) {
    for (column, byte) in columns.chunks_exact_mut(ROWS).zip(bytes) {
        column[row % ROWS] = *byte;
    }
}

#[inline(always)]
fn put_quads(steps: &mut [u8], row: usize, bytes: &[u8], quad: impl Fn(u32) -> u32) {
    let lane = row % LANE_ROWS * 4;
    for (step, word) in steps.chunks_exact_mut(STEP_BYTES).zip(bytes.chunks_exact(4)) {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        step[lane..lane + 4].copy_from_slice(&quad(word).to_le_bytes());
    }
}

/// A step's bits in row-major order, `k = 4p + kk`, to those of a quad's lane, where `kk` counts bytes: bits of the index
/// of each bit change places. From the highest: p p p kk kk to kk kk p p p.
fn quad_of_one(word: u32) -> u32 {
    swap::<0, 1>(swap::<1, 2>(swap::<0, 3>(swap::<1, 4>(word))))
}

/// The same of two-bit codes: p p kk kk to kk kk p p; its own inverse, a transposition.
pub(crate) fn quad_of_two(word: u32) -> u32 {
    swap::<1, 3>(swap::<2, 4>(word))
}

/// The same of four-bit codes: p kk kk to kk kk p.
fn quad_of_four(word: u32) -> u32 {
    swap::<2, 3>(swap::<3, 4>(word))
}

/// Moves each bit to where bits `LOW` and `HIGH` of its index have changed places (Hacker's Delight, 7-3).
#[inline(always)]
fn swap<const LOW: u32, const HIGH: u32>(word: u32) -> u32 {
    let shift = (1 << HIGH) - (1 << LOW);
    let moved = (word ^ word >> shift) & const { index_mask(LOW, HIGH) };
    word ^ moved ^ moved << shift
}

/// The bits whose index has bit `set` and not bit `clear`.
const fn index_mask(set: u32, clear: u32) -> u32 {
    let (mut mask, mut i) = (0, 0);
    while i < 32 {
        mask |= (i >> set & !(i >> clear) & 1) << i;
        i += 1;
    }
    mask
}

/// The code at `[row][k0]` of a packed matrix with `k` columns.
pub fn code_at(form: Form, packed: &[u8], k: usize, row: usize, k0: usize) -> u8 {
    let (step, planes) = (form.bits.step(), form.bits.planes());
    let width = 8 / planes;
    let (rows, block) = (form.layout.block_rows(), row / form.layout.block_rows());
    let (at, plane) = match form.layout {
        Layout::Quads => ((block * (k / step) + k0 / step) * STEP_BYTES + row % LANE_ROWS * 4 + k0 % 4, k0 % step / 4),
        Layout::Columns | Layout::TallColumns => {
            ((block * (k / planes) + k0 / planes) * rows + row % rows, k0 % planes)
        }
        Layout::RowMajor => ((row * k + k0) / planes, k0 % planes),
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
        let lines = packed(Form { layout: Layout::Quads, bits: Bits::Two }, rows, k);
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
        let lines = packed(Form { layout: Layout::Columns, bits: Bits::Two }, rows, k);
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
        put_codes(Form::new(Layout::RowMajor, Bits::One), &mut signs, 64, 0, 0, &codes);
        for layout in [Layout::RowMajor, Layout::Columns, Layout::TallColumns] {
            let form = Form::new(layout, Bits::One);
            let (mut by_code, mut by_sign) = ([0u8; 64 * 64 / 8], [0u8; 64 * 64 / 8]);
            put_codes(form, &mut by_code, 64, 37, 0, &codes);
            put_bytes(form, &mut by_sign, 64, 37, 0, &signs);
            assert_eq!(by_code, by_sign);
        }
    }

    #[test]
    fn every_form_reads_back() {
        for (layout, bits) in [Layout::RowMajor, Layout::Quads, Layout::Columns, Layout::TallColumns]
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
