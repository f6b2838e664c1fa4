//! The list of cases, and the runner as plain exports.

use std::vec;
use std::vec::Vec;

use super::case::{Case, Fill, Subject};
use crate::attention::layout::Depth;
use crate::family::Family;

/// Head dimensions: 20 leaves lanes over, the others are those of published models.
const HEAD_DIMS: [usize; 8] = [8, 16, 20, 64, 80, 96, 128, 256];
/// Lengths around a block of four, two blocks, a lane sum and a chunk of 256.
const LENGTHS: [usize; 12] = [1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 513];

const FILLS: [Fill; 5] = [Fill::Random, Fill::Highest, Fill::Lowest, Fill::Alternating, Fill::Zero];

/// Every case, in a fixed order.
pub fn all() -> Vec<Case> {
    let mut cases = vec![];
    let mut grid = |subject, rows: &[usize], ks: &[usize]| {
        for (&rows, &k) in rows.iter().flat_map(|r| ks.iter().map(move |k| (r, k))) {
            cases.extend(FILLS.map(|fill| Case { subject, rows, k, fill, seed: 1 }));
            cases.extend((2..4).map(|seed| Case { subject, rows, k, fill: Fill::Random, seed }));
        }
    };
    grid(Subject::Ternary, &[1, 31, 32, 33, 64, 97], &[16, 32, 48, 240, 256, 768, 6912]);
    grid(Subject::GroupedOne, &[1, 31, 32, 33, 70], &[128, 256, 2048]);
    grid(Subject::GroupedTwo64, &[1, 31, 32, 33, 70], &[64, 128, 192, 2048]);
    grid(Subject::GroupedTwo256, &[1, 33], &[256, 2560]);
    grid(Subject::Binary, &[1, 3, 4, 5, 33], &[128, 256, 3968, 4096, 8064]);
    grid(Subject::Int8, &[1, 3, 4, 5, 31], &[16, 32, 48, 256, 2048]);
    grid(Subject::Int4, &[1, 31, 32, 33], &[16, 32, 48, 256, 2048]);
    grid(Subject::Vector, &[1], &[0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 80, 255, 1024]);
    for depth in [None, Some(Depth::Eight), Some(Depth::Four)] {
        grid(Subject::Attention(depth, 3), &LENGTHS, &HEAD_DIMS);
        for heads in 1..=8 {
            grid(Subject::Attention(depth, heads), &[5, 257], &[20, 64]);
        }
    }
    cases
}

impl Case {
    /// Whether this build's kernels give the specified bits.
    pub fn passes(&self) -> bool {
        match self.subject {
            Subject::Ternary => self.ternary(),
            Subject::GroupedOne => self.grouped(Family::OneBit, 128),
            Subject::GroupedTwo64 => self.grouped(Family::TwoBit, 64),
            Subject::GroupedTwo256 => self.grouped(Family::TwoBit, 256),
            Subject::Binary => self.binary(),
            Subject::Int8 => self.int8(),
            Subject::Int4 => self.int4(),
            Subject::Vector => self.vector(),
            Subject::Attention(depth, heads) => self.attention(depth, heads),
        }
    }
}

#[cfg(test)]
mod tests {
    /// Miri takes a second for what a processor does in a millisecond: one case in this many, the small ones.
    const MIRI_STEP: usize = 29;

    #[test]
    fn every_kernel_matches_the_naive_sum_bit_for_bit() {
        let mut cases = super::all();
        if cfg!(miri) {
            cases.retain(|case| case.rows * case.k <= 128);
            cases = cases.into_iter().step_by(MIRI_STEP).collect();
        }
        let failed: std::vec::Vec<_> = cases.iter().filter(|c| !c.passes()).map(|c| c.name()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    #[test]
    fn the_probe_is_content_with_this_build() {
        assert_eq!(crate::probe::probe(), 0);
    }
}

/// The runner as plain exports, so that a bare page or Node can drive it without glue.
#[cfg(target_arch = "wasm32")]
mod exports {
    /// Cases there are.
    #[no_mangle]
    extern "C" fn case_count() -> u32 {
        super::all().len() as u32
    }

    /// 1 if case `i` passes.
    #[no_mangle]
    extern "C" fn case_passes(i: u32) -> u32 {
        super::all()[i as usize].passes().into()
    }

    /// Address of the name of case `i`, NUL-terminated, leaked: a test module lives for one run.
    #[no_mangle]
    extern "C" fn case_name(i: u32) -> *const u8 {
        std::format!("{}\0", super::all()[i as usize].name()).leak().as_ptr()
    }

    /// [`crate::probe::probe`]
    #[no_mangle]
    extern "C" fn kernel_probe() -> u32 {
        crate::probe::probe()
    }
}
