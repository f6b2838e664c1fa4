//! The single definition of every packed layout (drawn in DESIGN.md) and of the file blocks it is made from.
//!
//! Packing works block by block, so a matrix is repacked while its bytes stream in, with no second copy.

use crate::line::Line;
use crate::math::f16_to_f32;
use crate::matrix::Bits;

/// Rows of a row-lane block.
pub const LANE_ROWS: usize = 32;
/// k covered by one step of a two-bit row-lane block.
pub const TERNARY_STEP: usize = 16;
/// Bytes of one step: 8 vectors of 16.
pub const STEP_BYTES: usize = 128;
/// A binary row is whole 128-bit vectors.
pub const BINARY_STEP: usize = 128;
/// An int8 row is whole 16-byte vectors.
pub const INT8_STEP: usize = 16;
/// Four ternary codes of weight 0: what fresh ternary storage is filled with, so that padding rows are zero.
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
    let (step, planes) = (bits.step(), bits.planes());
    let block = row / LANE_ROWS * (k / step);
    let lane = row % LANE_ROWS * 4;
    for (g, codes) in codes.chunks_exact(step).enumerate() {
        let at = (block + k0 / step + g) * STEP_BYTES + lane;
        for (kk, byte) in packed[at..at + 4].iter_mut().enumerate() {
            *byte = (0..planes).fold(0, |byte, p| byte | codes[4 * p + kk] << (p * (8 / planes)));
        }
    }
}

/// Bytes and weights of a TQ2_0 block.
pub const TQ2_0: (usize, usize) = (66, 256);
/// Bytes and weights of an I2_S group (the tensor ends with [`I2_S_TAIL`] more bytes).
pub const I2_S: (usize, usize) = (32, 128);
/// Bytes after an I2_S tensor's groups: the f32 scale, then padding.
pub const I2_S_TAIL: usize = 32;
/// Bytes and weights of a Q1_0 block.
pub const Q1_0: (usize, usize) = (18, 128);
/// Bytes and weights of a Q8_0 block.
pub const Q8_0: (usize, usize) = (34, 32);
/// Bytes and weights of a Q6_K block.
pub const Q6_K: (usize, usize) = (210, 256);

/// Codes and scale of a TQ2_0 block (66 B → 256 codes). Source: ggml-quants.c `dequantize_row_tq2_0`.
pub fn tq2_0_block(block: &[u8], codes: &mut [u8; 256]) -> f32 {
    for (half, codes) in codes.chunks_exact_mut(128).enumerate() {
        for (l, codes) in codes.chunks_exact_mut(32).enumerate() {
            for (code, byte) in codes.iter_mut().zip(&block[32 * half..]) {
                *code = byte >> (2 * l) & 3;
            }
        }
    }
    half_at(block, 64)
}

/// Codes of an I2_S group (32 B → 128 codes, first 32 weights in the top two bits). Source: microsoft/BitNet.
pub fn i2_s_group(group: &[u8], codes: &mut [u8; 128]) {
    for (g, codes) in codes.chunks_exact_mut(32).enumerate() {
        for (code, byte) in codes.iter_mut().zip(group) {
            *code = byte >> (6 - 2 * g) & 3;
        }
    }
}

/// Scale of a Q1_0 block (18 B → 128 bits, which stand at bytes 2..18 in our order already).
pub fn q1_0_scale(block: &[u8]) -> f32 {
    half_at(block, 0)
}

/// Dequantises a row of F32.
pub fn f32_row(bytes: &[u8], out: &mut [f32]) {
    for (o, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
        *o = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    }
}

/// Dequantises a row of F16.
pub fn f16_row(bytes: &[u8], out: &mut [f32]) {
    for (i, o) in out.iter_mut().enumerate() {
        *o = half_at(bytes, 2 * i);
    }
}

/// Dequantises a row of Q8_0: `d · q`.
pub fn q8_0_row(bytes: &[u8], out: &mut [f32]) {
    for (out, block) in out.chunks_exact_mut(Q8_0.1).zip(bytes.chunks_exact(Q8_0.0)) {
        let d = half_at(block, 0);
        for (o, q) in out.iter_mut().zip(&block[2..]) {
            *o = d * f32::from(*q as i8);
        }
    }
}

/// Dequantises a row of Q6_K: `d · scale · q`. Source: ggml-quants.c `dequantize_row_q6_K`.
pub fn q6_k_row(bytes: &[u8], out: &mut [f32]) {
    for (out, block) in out.chunks_exact_mut(Q6_K.1).zip(bytes.chunks_exact(Q6_K.0)) {
        let d = half_at(block, 208);
        for (half, out) in out.chunks_exact_mut(128).enumerate() {
            let (ql, qh) = (&block[64 * half..], &block[128 + 32 * half..]);
            let scales = &block[192 + 8 * half..];
            for (i, o) in out.iter_mut().enumerate() {
                let (quarter, l) = (i / 32, i % 32);
                let low = ql[l + 32 * (quarter % 2)] >> (4 * (quarter / 2)) & 15;
                let q = i32::from(low | (qh[l] >> (2 * quarter) & 3) << 4) - 32;
                *o = d * f32::from(scales[i / 16] as i8) * q as f32;
            }
        }
    }
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16_to_f32(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line;
    use std::vec;

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, b| {
            (0..8).fold(crc ^ u32::from(*b), |c, _| (c >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(c & 1)))
        })
    }

    /// The codes of the formats page's `tern` input.
    fn tern(i: usize) -> u8 {
        ((7 * i + i / 3) % 3) as u8
    }

    #[test]
    fn tq2_0_decodes_the_golden_block() {
        // ggml order: byte j + m of a half holds weights m, 32 + m, 64 + m, 96 + m from its low bits up.
        let mut file = vec![];
        for block in 0..16 {
            for half in 0..2 {
                for m in 0..32 {
                    let at = |l: usize| tern(256 * block + 128 * half + 32 * l + m);
                    file.push(at(0) | at(1) << 2 | at(2) << 4 | at(3) << 6);
                }
            }
            file.extend(0x3800u16.to_le_bytes());
        }
        assert_eq!(crc32(&file), 0x6acc_81c3, "the golden TQ2_0 bytes");
        let mut codes = [9u8; 256];
        for (b, block) in file.chunks_exact(66).enumerate() {
            assert_eq!(tq2_0_block(block, &mut codes), 0.5);
            assert!(codes.iter().enumerate().all(|(i, c)| *c == tern(256 * b + i)));
        }
    }

    #[test]
    fn i2_s_decodes_the_golden_tensor() {
        let mut file = vec![];
        for block in 0..8 {
            for p in 0..32 {
                let at = |g: usize| tern(128 * block + 32 * g + p);
                file.push(at(0) << 6 | at(1) << 4 | at(2) << 2 | at(3));
            }
        }
        assert_eq!(crc32(&file), 0xcbf5_9025, "the golden I2_S bytes");
        let mut codes = [9u8; 128];
        for (b, group) in file.chunks_exact(32).enumerate() {
            i2_s_group(group, &mut codes);
            assert!(codes.iter().enumerate().all(|(i, c)| *c == tern(128 * b + i)));
        }
    }

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
            }
        }
    }

    #[test]
    fn float_rows_decode() {
        let mut out = [0f32; 32];
        let mut block = vec![0x00, 0x38];
        block.extend((0..32).map(|i| (i * 8 - 127) as i8 as u8));
        q8_0_row(&block, &mut out);
        assert_eq!((out[0], out[31]), (-63.5, 60.5));
        f16_row(&[0x00, 0x3c, 0x00, 0xc0], &mut out[..2]);
        assert_eq!(out[..2], [1.0, -2.0]);
        f32_row(&1.25f32.to_le_bytes(), &mut out[..1]);
        assert_eq!(out[0], 1.25);
    }

    #[test]
    fn q6_k_decodes_each_quarter_with_its_own_scale() {
        let mut block = [0u8; 210];
        block[192..208].copy_from_slice(&core::array::from_fn::<u8, 16, _>(|i| i as u8 + 1));
        block[208..].copy_from_slice(&0x3c00u16.to_le_bytes());
        // Quarter 1 of half 0 at l = 3: low nibble of ql[35] = 5, high bits qh[3]>>2 = 2, q = 37 − 32 = 5.
        block[35] = 5;
        block[128 + 3] = 2 << 2;
        let mut out = [0f32; 256];
        q6_k_row(&block, &mut out);
        assert_eq!(out[32 + 3], 3.0 * 5.0);
        assert_eq!(out[0], 1.0 * -32.0);
        assert_eq!(out[255], 16.0 * -32.0);
    }
}
