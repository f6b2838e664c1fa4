//! The one case-runner: every kernel of this build, on edge sizes, extremes and seeded random input, against a naive
//! sum over unpacked values and against [`scalar`]. Runs in `cargo test` and, exported, inside any wasm engine.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::attention::layout::Depth;
use crate::choice;
use crate::pack::Bits;

mod attention;
mod linear;
mod vector;

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// Seeded, over the whole range.
    Random,
    /// The largest magnitude of one sign everywhere.
    Highest,
    /// The largest magnitude of the other sign on weights.
    Lowest,
    /// Alternating extremes.
    Alternating,
    /// All zero (−1 bits for the binary family).
    Zero,
}

/// Kernel families.
#[derive(Clone, Copy, Debug)]
pub enum Family {
    /// `gemv_w158a8`
    Ternary,
    /// `gemv_q1a8` with groups of 128
    GroupedOne,
    /// `gemv_q2a8` with groups of 64
    GroupedTwo64,
    /// `gemv_q2a8` with groups of 256
    GroupedTwo256,
    /// `gemv_w1a1`
    Binary,
    /// `gemv_i8a8`
    Int8,
    /// `gemv_i4a8`
    Int4,
    /// `dot_f32`, `dot_i8`, `axpy_f32`; `rows` is unused.
    Vector,
    /// `attend`, `attend_f32` without a depth, of this many query heads; `rows` positions of head dim `k`.
    Attention(Option<Depth>, usize),
}

/// One comparison.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    family: Family,
    rows: usize,
    k: usize,
    fill: Fill,
    seed: u64,
}

const FILLS: [Fill; 5] = [Fill::Random, Fill::Highest, Fill::Lowest, Fill::Alternating, Fill::Zero];

/// Every case, in a fixed order.
pub fn all() -> Vec<Case> {
    let mut cases = vec![];
    let mut grid = |family, rows: &[usize], ks: &[usize]| {
        for (&rows, &k) in rows.iter().flat_map(|r| ks.iter().map(move |k| (r, k))) {
            cases.extend(FILLS.map(|fill| Case { family, rows, k, fill, seed: 1 }));
            cases.extend((2..4).map(|seed| Case { family, rows, k, fill: Fill::Random, seed }));
        }
    };
    grid(Family::Ternary, &[1, 31, 32, 33, 64, 97], &[16, 32, 48, 240, 256, 768, 6912]);
    grid(Family::GroupedOne, &[1, 31, 32, 33, 70], &[128, 256, 2048]);
    grid(Family::GroupedTwo64, &[1, 31, 32, 33, 70], &[64, 128, 192, 2048]);
    grid(Family::GroupedTwo256, &[1, 33], &[256, 2560]);
    grid(Family::Binary, &[1, 3, 4, 5, 33], &[128, 256, 3968, 4096, 8064]);
    grid(Family::Int8, &[1, 3, 4, 5, 31], &[16, 32, 48, 256, 2048]);
    grid(Family::Int4, &[1, 31, 32, 33], &[16, 32, 48, 256, 2048]);
    grid(Family::Vector, &[1], &[0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 80, 255, 1024]);
    for depth in [None, Some(Depth::Eight), Some(Depth::Four)] {
        grid(Family::Attention(depth, 3), &attention::LENGTHS, &attention::HEAD_DIMS);
        for heads in 1..=8 {
            grid(Family::Attention(depth, heads), &[5, 257], &[20, 64]);
        }
    }
    cases
}

impl Case {
    /// What this case is.
    pub fn name(&self) -> String {
        format!("{:?} {}x{} {:?} seed {}", self.family, self.rows, self.k, self.fill, self.seed)
    }

    /// Whether this build's kernels give the specified bits.
    pub fn passes(&self) -> bool {
        match self.family {
            Family::Ternary => self.ternary(),
            Family::GroupedOne => self.grouped(choice::Family::One, Bits::One, 128),
            Family::GroupedTwo64 => self.grouped(choice::Family::Two, Bits::Two, 64),
            Family::GroupedTwo256 => self.grouped(choice::Family::Two, Bits::Two, 256),
            Family::Binary => self.binary(),
            Family::Int8 => self.int8(),
            Family::Int4 => self.int4(),
            Family::Vector => self.vector(),
            Family::Attention(depth, heads) => self.attention(depth, heads),
        }
    }

    fn draw(&self, stream: u64) -> Draw {
        Draw { state: self.seed << 32 ^ stream << 8 ^ (self.rows * 131 + self.k) as u64, fill: self.fill }
    }
}

/// Whether both kernels fill `[n]` with exactly the naive values.
fn agree(n: usize, naive: impl Iterator<Item = f32>, spec: impl Fn(&mut [f32]), variant: impl Fn(&mut [f32])) -> bool {
    let (mut a, mut b) = (vec![f32::NAN; n], vec![f32::NAN; n]);
    spec(&mut a);
    variant(&mut b);
    naive.map(f32::to_bits).eq(a.iter().map(|v| v.to_bits()))
        && a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Whether `one` (token by token) and, where it answers true, `all` fill `[n][rows]` with exactly the naive values.
fn same(rows: usize, naive: &[f32], one: impl Fn(usize, &mut [f32]), all: impl Fn(&mut [f32]) -> bool) -> bool {
    let mut y = vec![f32::NAN; naive.len()];
    let equal = |y: &[f32]| naive.iter().zip(y).all(|(a, b)| a.to_bits() == b.to_bits());
    y.chunks_exact_mut(rows).enumerate().for_each(|(t, y)| one(t, y));
    let alone = equal(&y);
    y.fill(f32::NAN);
    alone && (!all(&mut y) || equal(&y))
}

/// A seeded stream of values (splitmix64).
struct Draw {
    state: u64,
    fill: Fill,
}

impl Draw {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A ternary code; `Highest` is +1, `Lowest` −1.
    fn code(&mut self, i: usize) -> u8 {
        match self.fill {
            Fill::Random => (self.next() % 3) as u8,
            Fill::Highest => 2,
            Fill::Lowest => 0,
            Fill::Alternating => [0, 2][i % 2],
            Fill::Zero => 1,
        }
    }

    /// A code, up to the largest its bits hold.
    fn lane_code(&mut self, bits: Bits, i: usize) -> u8 {
        let most = if bits == Bits::One { 1 } else { 3 };
        match self.fill {
            Fill::Random => (self.next() % (most + 1)) as u8,
            Fill::Highest => most as u8,
            Fill::Lowest => 0,
            Fill::Alternating => [0, most as u8][i % 2],
            Fill::Zero => 1,
        }
    }

    fn int8(&mut self, i: usize, weight: bool) -> i8 {
        match self.fill {
            Fill::Random => (self.next() % 255) as i8 as i32 as i8,
            Fill::Lowest if weight => -127,
            Fill::Highest | Fill::Lowest => 127,
            Fill::Alternating => [127, -127][i % 2],
            Fill::Zero => 0,
        }
        .max(-127)
    }

    fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|i| f32::from(self.int8(i, true)) / 31.7 + (self.next() % 1000) as f32 * 1e-4).collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kernel_matches_the_naive_sum_bit_for_bit() {
        let failed: std::vec::Vec<_> = super::all().iter().filter(|c| !c.passes()).map(|c| c.name()).collect();
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
