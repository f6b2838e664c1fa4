//! The single definition of every packed layout (drawn in DESIGN.md).
//!
//! Packing works block by block, so a matrix is repacked while its bytes stream in, with no second copy.

use crate::line::Line;
use crate::matrix::Bits;

/// Rows of a row-lane block.
pub const LANE_ROWS: usize = 32;
/// k covered by one step of a two-bit row-lane block.
pub const TERNARY_STEP: usize = Bits::Two.step();
/// Bytes of one step: 8 vectors of 16.
pub const STEP_BYTES: usize = 128;
/// A binary row is whole 128-bit vectors.
pub const BINARY_STEP: usize = 128;
/// An int8 row is whole 16-byte vectors.
pub const INT8_STEP: usize = 16;
/// Four two-bit codes of weight 0: what fresh storage is filled with, so that padding rows are zero.
pub const TERNARY_ZERO: u8 = 0x55;

/// Lines of a packed row-lane matrix.
pub const fn lane_lines(bits: Bits, rows: usize, k: usize) -> usize {
    Line::count(rows.div_ceil(LANE_ROWS) * LANE_ROWS * k / bits.planes())
}

/// f16 scales of a grouped matrix.
pub const fn group_scales(rows: usize, k: usize, group: usize) -> usize {
    rows.div_ceil(LANE_ROWS) * LANE_ROWS * (k / group)
}

/// Where the scale of `row` and group `g` stands among `k / group = groups` of a row.
pub const fn scale_at(row: usize, groups: usize, g: usize) -> usize {
    (row / LANE_ROWS * groups + g) * LANE_ROWS + row % LANE_ROWS
}

/// Lines of a packed binary matrix.
pub const fn binary_lines(rows: usize, k: usize) -> usize {
    Line::count(rows * k / 8)
}

/// Lines of an int8 matrix.
pub const fn int8_lines(rows: usize, k: usize) -> usize {
    Line::count(rows * k)
}

/// Stores `codes` at `[row][k0..]` of a packed row-lane matrix with `k` columns; two-bit codes 0..=3, one-bit 0 or 1.
/// `k0` and `codes.len()` are multiples of the step (16 or 32).
pub fn put_codes(bits: Bits, packed: &mut [u8], k: usize, row: usize, k0: usize, codes: &[u8]) {
    match bits {
        Bits::One => put_planes::<8>(packed, k, row, k0, codes),
        Bits::Two => put_planes::<4>(packed, k, row, k0, codes),
    }
}

/// [`put_codes`] with `PLANES` codes a byte, known to the compiler so that a step unrolls.
#[inline(always)]
fn put_planes<const PLANES: usize>(packed: &mut [u8], k: usize, row: usize, k0: usize, codes: &[u8]) {
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

/// The code at `[row][k0]` of a packed row-lane matrix with `k` columns.
pub fn code_at(bits: Bits, packed: &[u8], k: usize, row: usize, k0: usize) -> u8 {
    let (step, width) = (bits.step(), 8 / bits.planes());
    let at = (row / LANE_ROWS * (k / step) + k0 / step) * STEP_BYTES + row % LANE_ROWS * 4 + k0 % 4;
    packed[at] >> (k0 % step / 4 * width) & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line;
    use std::vec;

    #[test]
    fn ternary_layout_is_the_one_drawn() {
        let (rows, k) = (33, 32);
        let mut lines = vec![Line::filled(TERNARY_ZERO); lane_lines(Bits::Two, rows, k)];
        let code = |r: usize, c: usize| ((r * 5 + c * 7 + r * c) % 3) as u8;
        for r in 0..rows {
            let row: std::vec::Vec<u8> = (0..k).map(|c| code(r, c)).collect();
            put_codes(Bits::Two, line::bytes_mut(&mut lines), k, r, 0, &row[..16]);
            put_codes(Bits::Two, line::bytes_mut(&mut lines), k, r, 16, &row[16..]);
        }
        let bytes = line::bytes(&lines);
        for r in 0..64 {
            for c in 0..k {
                let (g, p, kk) = (c / 16, c % 16 / 4, c % 4);
                let at = (r / 32 * (k / 16) + g) * 128 + r % 32 / 4 * 16 + r % 4 * 4 + kk;
                let want = if r < rows { code(r, c) } else { 1 };
                assert_eq!(bytes[at] >> (2 * p) & 3, want, "row {r} k {c}");
                assert_eq!(code_at(Bits::Two, bytes, k, r, c), want);
            }
        }
    }
}
