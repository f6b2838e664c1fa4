//! One kernel on a random matrix, to be timed from outside: Rust has no clock here.

use alloc::format;
use alloc::vec::Vec;

use pocketbit_kernels::dispatch::choice::{gemm_kernels, gemv_kernels, Choice};
use pocketbit_kernels::family::Family;
use pocketbit_kernels::format::layout::{self, Bits};
use pocketbit_kernels::line::{bytes_mut, Line};

use crate::error::{Error, Kind};
use crate::memory::{filled, Room};
use crate::staged::{Staged, SLICE};
use crate::weights::{BinaryMatrix, IntegerMatrix, Lanes, Linear, TernaryMatrix};

/// Largest side of a trial's matrix.
const MAX_SIDE: usize = 1 << 15;
/// f16 of a scale like a model's.
const SCALE: u16 = 0x2c00;

/// A matrix, its input and the room for its output.
pub struct Trial {
    staged: Staged,
    matrix: Linear,
    /// `[tokens][rows]`
    out: Vec<f32>,
}

impl Trial {
    /// A random matrix `[rows][k]` of `family` and `tokens` rows of input, for the kernels `gemv` and `gemm` (the defaults
    /// where empty): one token runs the GEMV, more the GEMM, which reads the layout of the GEMV. `unsupported` for other
    /// names and sizes.
    pub fn new(family: &str, rows: usize, k: usize, tokens: usize, gemv: &str, gemm: &str) -> Result<Self, Error> {
        let refused = || {
            let message = format!("no trial of kernels {gemv}/{gemm}, family {family}, {rows}×{k}×{tokens}");
            Error::new(Kind::Unsupported, message)
        };
        let family = Family::from_name(family).ok_or_else(refused)?;
        let choice = choice(family, gemv, gemm).ok_or_else(refused)?;
        let sized = (1..=MAX_SIDE).contains(&rows)
            && (1..=MAX_SIDE).contains(&k)
            && k % 256 == 0
            && (1..=SLICE).contains(&tokens);
        if !sized {
            return Err(refused());
        }
        let mut staged = Staged::new(k, family == Family::OneBit, &mut Room::allocated())?;
        let mut x = filled(0.0, tokens * k)?;
        x.iter_mut().enumerate().for_each(|(i, x)| *x = (i * 7919 % 255) as f32 - 127.0);
        staged.stage(&x, k, &[], 0.0, true);
        Ok(Trial { staged, matrix: matrix(family, rows, k, choice)?, out: filled(0.0, tokens * rows)? })
    }

    /// Multiplies `times` over.
    pub fn run(&mut self, times: u32) {
        for _ in 0..times {
            self.staged.linear(&self.matrix, &mut self.out);
        }
    }

    /// Multiply-adds of one run.
    pub fn macs(&self) -> f64 {
        self.out.len() as f64 * self.matrix.k() as f64
    }

    /// Weight bytes one run reads.
    pub fn bytes(&self) -> usize {
        self.matrix.bytes()
    }
}

/// Names of the kernels of `family`, the default first: GEMV for one token, GEMM for more. None for another name.
pub fn kernel_names(family: &str, tokens: usize) -> Vec<&'static str> {
    match (Family::from_name(family), tokens) {
        (None, _) => Vec::new(),
        (Some(family), 1) => gemv_kernels(family).iter().map(|kernel| kernel.name()).collect(),
        (Some(family), _) => gemm_kernels(family).iter().map(|kernel| kernel.name()).collect(),
    }
}

fn choice(family: Family, gemv: &str, gemm: &str) -> Option<Choice> {
    let default = Choice::default_of(family);
    let gemv = if gemv.is_empty() { default.gemv().name() } else { gemv };
    let gemm = if gemm.is_empty() { default.gemm().name() } else { gemm };
    Choice::named(family, gemv, gemm)
}

fn matrix(family: Family, rows: usize, k: usize, choice: Choice) -> Result<Linear, Error> {
    let lanes = |bits, group| -> Result<Lanes, Error> {
        let lines = random(choice.form(bits).lines(rows, k), bits == Bits::Two)?;
        let scales = filled(SCALE, layout::group_scales(rows, k, group))?;
        Ok(Lanes {
            lines,
            scales,
            bits,
            rows,
            k,
            group,
            per_group: family == Family::OneBit,
            gain: 1.0,
            wide: false,
            choice,
        })
    };
    Ok(match family {
        Family::Ternary => {
            let lines = random(choice.form(Bits::Two).lines(rows, k), true)?;
            Linear::Ternary(TernaryMatrix { lines, rows, k, scale: 0.01, wide: false, choice })
        }
        Family::TwoBit => Linear::Grouped(lanes(Bits::Two, 256)?),
        Family::OneBit => Linear::Grouped(lanes(Bits::One, 128)?),
        Family::Binary => {
            let lines = random(choice.form(Bits::One).lines(rows, k), false)?;
            let (alpha, threshold) = (filled(0.01, rows)?, filled(0.0, k)?);
            Linear::Binary(BinaryMatrix { lines, alpha, threshold, choice })
        }
        Family::Int8 | Family::Int4 => {
            let form = choice.form(Bits::Four);
            let lines = if family == Family::Int8 { layout::int8_lines(rows, k) } else { form.lines(rows, k) };
            // Two-bit patterns hold no −128, which int8 rows never have.
            let (lines, scales) = (random(lines, true)?, filled(0.01, rows)?);
            Linear::Integer(IntegerMatrix { lines, scales, k, family, choice })
        }
    })
}

/// Seeded random bytes (xorshift); `ternary` clears two-bit code 3.
fn random(lines: usize, ternary: bool) -> Result<Vec<Line>, Error> {
    let mut lines = filled(Line::filled(0), lines)?;
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for word in bytes_mut(&mut lines).chunks_exact_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let both = state & (state >> 1) & 0x5555_5555_5555_5555;
        let value = if ternary { state & !(both << 1) } else { state };
        word.copy_from_slice(&value.to_le_bytes());
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_kernel_runs() {
        for (family, tokens) in Family::ALL.iter().flat_map(|family| [(family.name(), 1), (family.name(), 3)]) {
            for name in kernel_names(family, tokens) {
                let (gemv, gemm) = if tokens == 1 { (name, "") } else { ("", name) };
                let mut trial = Trial::new(family, 48, 512, tokens, gemv, gemm).expect("listed");
                trial.run(2);
                assert_eq!(trial.macs(), (48 * 512 * tokens) as f64);
                assert!(trial.out.iter().all(|y| y.is_finite()) && trial.out.iter().any(|y| *y != 0.0));
            }
        }
    }

    #[test]
    fn other_names_and_sizes_are_refused() {
        for (family, rows, k, tokens, gemv) in [
            ("ternary", 32, 256, 1, "none"),
            ("none", 32, 256, 1, "scalar"),
            ("ternary", 0, 256, 1, "scalar"),
            ("ternary", 32, 100, 1, "scalar"),
            ("ternary", 32, 256, 65, ""),
        ] {
            assert!(Trial::new(family, rows, k, tokens, gemv, "").is_err());
        }
        assert!(kernel_names("none", 1).is_empty());
    }
}
