//! Blocks of codes on their way from a file's order into a packed form.

use super::ggml::PackedBlock;
use super::layout::{put_band, put_bytes, scale_at, Band, Bits, Form, LANE_ROWS, MAX_CODE_BYTES, TERNARY_ZERO};
use crate::family::Family;

/// A matrix `[rows][k]` being filled.
pub struct Repack<'a> {
    /// A block as the file holds it.
    pub block: PackedBlock,
    /// The form of `codes`.
    pub form: Form,
    /// Columns.
    pub k: usize,
    /// Packed codes, [`Form::lines`] of them.
    pub codes: &'a mut [u8],
    /// f16 bits where [`scale_at`] says; empty where one scale ends the tensor.
    pub scales: &'a mut [u16],
}

/// Why block `at` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBlock {
    /// Its scale is not finite.
    Scale {
        /// The block.
        at: usize,
    },
    /// A type without code 3 holds one.
    Three {
        /// The block.
        at: usize,
    },
}

impl Repack<'_> {
    /// Stores whole blocks, of which the first is number `first` of the tensor, in row order. Whether code 3 occurs.
    pub fn blocks(&mut self, first: usize, bytes: &[u8]) -> Result<bool, BadBlock> {
        let PackedBlock { bytes: size, weights, .. } = self.block;
        let lanes = self.form.is_lanes();
        let band = LANE_ROWS * self.k / weights;
        let (mut at, mut rest, mut wide) = (first, bytes, false);
        while rest.len() >= size {
            let by_rows = lanes && at % band == 0 && rest.len() >= band * size;
            let blocks = if by_rows { band } else { 1 };
            let (taken, left) = rest.split_at(blocks * size);
            wide |= if by_rows { self.rows(at, taken)? } else { self.one(at, taken)? };
            (at, rest) = (at + blocks, left);
        }
        Ok(wide)
    }

    /// One block.
    fn one(&mut self, at: usize, block: &[u8]) -> Result<bool, BadBlock> {
        let weights = self.block.weights;
        let (row, k0) = (at * weights / self.k, at * weights % self.k);
        let mut codes = [0; MAX_CODE_BYTES];
        let (scale, three) = self.read(at, block, &mut codes)?;
        self.put_scale(row, k0, scale);
        let codes = &codes[..weights / self.form.bits.planes()];
        put_bytes(self.form, self.codes, self.k, row, k0, codes);
        Ok(three)
    }

    /// The [`LANE_ROWS`] rows that begin with block `at`, a block of each at a time.
    fn rows(&mut self, at: usize, bytes: &[u8]) -> Result<bool, BadBlock> {
        let PackedBlock { bytes: size, weights, .. } = self.block;
        let (per_row, row) = (self.k / weights, at * weights / self.k);
        let (mut band, mut wide): (Band, bool) = ([[0; MAX_CODE_BYTES]; LANE_ROWS], false);
        for b in 0..per_row {
            for (r, codes) in band.iter_mut().enumerate() {
                let block = r * per_row + b;
                let (scale, three) = self.read(at + block, &bytes[block * size..(block + 1) * size], codes)?;
                self.put_scale(row + r, b * weights, scale);
                wide |= three;
            }
            put_band(self.form, self.codes, self.k, (row, b * weights), &band, weights / self.form.bits.planes());
        }
        Ok(wide)
    }

    /// Codes and scale of block `at`, and whether code 3 is among them.
    #[inline(always)]
    fn read(&self, at: usize, block: &[u8], codes: &mut [u8; MAX_CODE_BYTES]) -> Result<(u16, bool), BadBlock> {
        let scale = self.block.codes(block, codes);
        if scale & 0x7c00 == 0x7c00 {
            return Err(BadBlock::Scale { at });
        }
        if self.form.bits == Bits::One {
            return Ok((scale, false));
        }
        if scale & 0x7fff == 0 && !self.scales.is_empty() {
            // A block of zeros: its codes carry no weight, whatever they are.
            codes.fill(TERNARY_ZERO);
        }
        let three = holds_three(&codes[..self.block.weights / 4]);
        match three && self.block.family == Family::Ternary {
            true => Err(BadBlock::Three { at }),
            false => Ok((scale, three)),
        }
    }

    fn put_scale(&mut self, row: usize, k0: usize, scale: u16) {
        if !self.scales.is_empty() {
            let weights = self.block.weights;
            self.scales[scale_at(row, self.k / weights, k0 / weights)] = scale;
        }
    }
}

/// Whether any of these two-bit codes, four a byte, is 3: a fold, which compiles to vectors as a search does not.
fn holds_three(codes: &[u8]) -> bool {
    codes.iter().fold(0, |found, codes| found | (codes & codes >> 1)) & 0x55 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::ggml::{Read, TYPES};
    use crate::format::layout::{group_scales, Layout};
    use crate::line::{bytes, bytes_mut, Line};
    use std::vec;
    use std::vec::Vec;

    fn packed(name: &str) -> PackedBlock {
        let Read::Packed(block) = TYPES.iter().find(|kind| kind.name == name).unwrap().read else { panic!("{name}") };
        block
    }

    /// Blocks with finite scales, of which some are zero, and for TQ2_0 and I2_S no code 3.
    fn file(name: &str, blocks: usize) -> Vec<u8> {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let size = packed(name).bytes;
        let mut file: Vec<u8> = (0..blocks * size).map(|_| next()).collect();
        for (i, block) in file.chunks_exact_mut(size).enumerate() {
            if matches!(name, "TQ2_0" | "I2_S") {
                block.iter_mut().for_each(|b| *b &= !(*b >> 1 & 0x55));
            }
            let at = match name {
                "TQ2_0" | "TQ1_0" => size - 2,
                _ => 0,
            };
            if name != "I2_S" {
                block[at..at + 2].copy_from_slice(&if i % 5 == 0 { [0, 0x80] } else { [i as u8, 0x3c] });
            }
        }
        file
    }

    #[test]
    fn blocks_by_rows_and_one_by_one_are_the_same_however_they_are_cut() {
        let kinds = ["TQ1_0", "TQ2_0", "I2_S", "Q1_0", "Q2_0", "Q2_0_G128"];
        let layouts = [Layout::RowMajor, Layout::Columns, Layout::Quads];
        for (name, layout) in kinds.into_iter().flat_map(|name| layouts.map(|layout| (name, layout))) {
            let (block, rows, k) = (packed(name), 97, 512);
            let PackedBlock { bytes: size, weights, scale_ends_tensor, .. } = block;
            let form = Form::new(layout, block.bits());
            let file = file(name, rows * k / weights);
            let packed = |cut: usize| {
                let mut lines = vec![Line::filled(TERNARY_ZERO); form.lines(rows, k)];
                let mut scales = vec![0u16; if scale_ends_tensor { 0 } else { group_scales(rows, k, weights) }];
                let mut repack = Repack { block, form, k, codes: bytes_mut(&mut lines), scales: &mut scales };
                let mut wide = false;
                for (i, part) in file.chunks(cut * size).enumerate() {
                    wide |= repack.blocks(i * cut, part).unwrap();
                }
                (bytes(&lines).to_vec(), scales, wide)
            };
            let one_by_one = packed(1);
            for cut in [7, 32 * k / weights, 100 * k / weights] {
                assert!(packed(cut) == one_by_one, "{name} {layout:?} by {cut}");
            }
        }
    }

    #[test]
    fn the_bad_block_is_named() {
        let (block, k) = (packed("TQ2_0"), 256);
        let form = Form::new(Layout::Quads, Bits::Two);
        let (mut lines, mut scales) = (vec![Line::filled(0); form.lines(64, k)], vec![0; group_scales(64, k, 256)]);
        let mut repack = Repack { block, form, k, codes: bytes_mut(&mut lines), scales: &mut scales };
        let mut infinite = file("TQ2_0", 64);
        infinite[40 * 66 + 64..][..2].copy_from_slice(&[0, 0x7c]);
        assert_eq!(repack.blocks(0, &infinite), Err(BadBlock::Scale { at: 40 }));
        let mut three = file("TQ2_0", 64);
        three[41 * 66 + 9] = 0x30;
        assert_eq!(repack.blocks(0, &three), Err(BadBlock::Three { at: 41 }));
    }
}
