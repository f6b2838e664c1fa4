//! The one case-runner: every kernel of this build, on edge sizes, extremes and seeded random input, against a naive
//! sum over unpacked values and against [`scalar`]. Runs in `cargo test` and, exported, inside any wasm engine.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::attention::{attend_f32, attend_i8, Int8Cache};
use crate::line::{bytes_mut, int8_mut, Line};
use crate::math::{exp, f16_to_f32, lane_sum};
use crate::matrix::{Activation, Binary, BinaryActivation, Bits, Grouped, GroupedActivation, Int8Rows, Ternary};
use crate::{active, pack, quant, scalar};

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
    /// `dot_f32`, `dot_i8`, `axpy_f32`, `axpy_i8`; `rows` is unused.
    Vector,
    /// `attend_f32`, `attend_i8`; `rows` positions of head_dim `k`.
    Attention,
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
    grid(Family::Vector, &[1], &[0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 80, 255, 1024]);
    grid(Family::Attention, &[1, 2, 15, 16, 17, 130], &[8, 16, 20, 64, 96, 128]);
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
            Family::GroupedOne => self.grouped(Bits::One, 128),
            Family::GroupedTwo64 => self.grouped(Bits::Two, 64),
            Family::GroupedTwo256 => self.grouped(Bits::Two, 256),
            Family::Binary => self.binary(),
            Family::Int8 => self.int8(),
            Family::Vector => self.vector(),
            Family::Attention => self.attention(),
        }
    }

    fn draw(&self, stream: u64) -> Draw {
        Draw { state: self.seed << 32 ^ stream << 8 ^ (self.rows * 131 + self.k) as u64, fill: self.fill }
    }

    fn ternary(&self) -> bool {
        let (mut weights, mut values) = (self.draw(1), self.draw(2));
        let dense: Vec<u8> = (0..self.rows * self.k).map(|i| weights.code(i)).collect();
        let q: Vec<i8> = (0..self.k).map(|i| values.int8(i, false)).collect();
        let mut lines = vec![Line::filled(pack::TERNARY_ZERO); pack::lane_lines(Bits::Two, self.rows, self.k)];
        for (row, codes) in dense.chunks_exact(self.k).enumerate() {
            pack::put_codes(Bits::Two, bytes_mut(&mut lines), self.k, row, 0, codes);
        }
        let x = Activation { q: &q, scale: 0.013, sum: q.iter().map(|q| i32::from(*q)).sum() };
        let naive = dense.chunks_exact(self.k).map(|row| {
            let acc: i32 = row.iter().zip(&q).map(|(c, q)| (i32::from(*c) - 1) * i32::from(*q)).sum();
            acc as f32 * (0.37 * 0.013)
        });
        let Some(w) = Ternary::new(&lines, self.rows, self.k, 0.37) else { return false };
        agree(self.rows, naive, |y| scalar::gemv_w158a8(&w, x, y), |y| active::gemv_w158a8(&w, x, y))
    }

    fn grouped(&self, bits: Bits, group: usize) -> bool {
        let (rows, k, groups) = (self.rows, self.k, self.k / group);
        let (mut weights, mut values) = (self.draw(1), self.draw(2));
        let dense: Vec<u8> = (0..rows * k).map(|i| weights.lane_code(bits, i)).collect();
        let q: Vec<i8> = (0..k).map(|i| values.int8(i, false)).collect();
        let mut lines = vec![Line::filled(0); pack::lane_lines(bits, rows, k)];
        for (row, codes) in dense.chunks_exact(k).enumerate() {
            pack::put_codes(bits, bytes_mut(&mut lines), k, row, 0, codes);
        }
        // Normal, negative, zero and subnormal halves.
        let scales: Vec<u16> =
            (0..pack::group_scales(rows, k, group)).map(|i| [0x2e66, 0xb4cd, 0, 0x0201][i % 4]).collect();
        let x_scales: Vec<f32> = (0..groups).map(|g| 0.01 + g as f32 * 1e-4).collect();
        let sums: Vec<i32> = q.chunks_exact(group).map(|q| q.iter().map(|q| i32::from(*q)).sum()).collect();
        let x = GroupedActivation { q: &q, scales: &x_scales, sums: &sums };
        let value = |code: u8| if bits == Bits::One { 2 * i32::from(code) - 1 } else { i32::from(code) - 1 };
        let naive = (0..rows).map(|r| {
            (0..groups).fold(0f32, |y, g| {
                let at = g * group..(g + 1) * group;
                let acc: i32 =
                    dense[r * k..][at.clone()].iter().zip(&q[at]).map(|(c, q)| value(*c) * i32::from(*q)).sum();
                y + acc as f32 * (f16_to_f32(scales[pack::scale_at(r, groups, g)]) * x_scales[g])
            })
        });
        let Some(w) = Grouped::new(&lines, &scales, bits, (rows, k), group) else { return false };
        match bits {
            Bits::One => agree(rows, naive, |y| scalar::gemv_q1a8(&w, x, y), |y| active::gemv_q1a8(&w, x, y)),
            Bits::Two => agree(rows, naive, |y| scalar::gemv_q2a8(&w, x, y), |y| active::gemv_q2a8(&w, x, y)),
        }
    }

    fn binary(&self) -> bool {
        let (mut weights, mut values) = (self.draw(1), self.draw(2));
        let dense: Vec<bool> = (0..self.rows * self.k).map(|i| weights.code(i) == 2).collect();
        let x: Vec<bool> = (0..self.k).map(|i| values.int8(i, false) > 0).collect();
        let alpha: Vec<f32> = (0..self.rows).map(|r| 0.1 + r as f32 * 0.01).collect();
        let mut lines = vec![Line::filled(0); pack::binary_lines(self.rows, self.k)];
        for (byte, bits) in bytes_mut(&mut lines).iter_mut().zip(dense.chunks_exact(8)) {
            *byte = pack_bits(bits);
        }
        let bits: Vec<u8> = x.chunks_exact(8).map(pack_bits).collect();
        let x_row = BinaryActivation { bits: &bits, beta: 0.7 };
        let naive = dense.chunks_exact(self.k).zip(&alpha).map(|(row, alpha)| {
            let acc: i32 = row.iter().zip(&x).map(|(w, x)| if w == x { 1 } else { -1 }).sum();
            acc as f32 * (alpha * 0.7)
        });
        let Some(w) = Binary::new(&lines, &alpha, self.k) else { return false };
        agree(self.rows, naive, |y| scalar::gemv_w1a1(&w, x_row, y), |y| active::gemv_w1a1(&w, x_row, y))
    }

    fn int8(&self) -> bool {
        let (mut weights, mut values) = (self.draw(1), self.draw(2));
        let mut lines = vec![Line::filled(0); pack::int8_lines(self.rows, self.k)];
        let dense: Vec<i8> = (0..self.rows * self.k).map(|i| weights.int8(i, true)).collect();
        int8_mut(&mut lines)[..dense.len()].copy_from_slice(&dense);
        let scales: Vec<f32> = (0..self.rows).map(|r| 0.2 - r as f32 * 0.003).collect();
        let q: Vec<i8> = (0..self.k).map(|i| values.int8(i, false)).collect();
        let x = Activation { q: &q, scale: 0.011, sum: 0 };
        let naive = dense.chunks_exact(self.k).zip(&scales).map(|(row, scale)| {
            let acc: i32 = row.iter().zip(&q).map(|(w, q)| i32::from(*w) * i32::from(*q)).sum();
            acc as f32 * (scale * 0.011)
        });
        let Some(w) = Int8Rows::new(&lines, &scales, self.k) else { return false };
        agree(self.rows, naive, |y| scalar::gemv_i8a8(&w, x, y), |y| active::gemv_i8a8(&w, x, y))
    }

    fn vector(&self) -> bool {
        let (mut left, mut right) = (self.draw(1), self.draw(2));
        let (a, b) = (left.floats(self.k), right.floats(self.k));
        let qa: Vec<i8> = (0..self.k).map(|i| left.int8(i, true)).collect();
        let qb: Vec<i8> = (0..self.k).map(|i| right.int8(i, false)).collect();
        let exact: i32 = qa.iter().zip(&qb).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        active::dot_f32(&a, &b).to_bits() == lane_sum(self.k, |i| a[i] * b[i]).to_bits()
            && active::dot_i8(&qa, &qb) == exact
            && agree(
                self.k,
                (0..self.k).map(|i| a[i] + 0.3 * b[i]),
                from(&a, |y| scalar::axpy_f32(y, 0.3, &b)),
                from(&a, |y| active::axpy_f32(y, 0.3, &b)),
            )
            && agree(
                self.k,
                (0..self.k).map(|i| a[i] + 0.3 * f32::from(qb[i])),
                from(&a, |y| scalar::axpy_i8(y, 0.3, &qb)),
                from(&a, |y| active::axpy_i8(y, 0.3, &qb)),
            )
    }

    fn attention(&self) -> bool {
        let (t, d) = (self.rows, self.k);
        let mut draw = self.draw(3);
        let (q, k, v) = (draw.floats(d), draw.floats(t * d), draw.floats(t * d));
        let inv_sqrt = 0.25;
        let naive = naive_attention(&v, d, (0..t).map(|r| lane_sum(d, |i| q[i] * k[r * d + i]) * inv_sqrt).collect());
        let run = |y: &mut [f32]| attend_f32(&q, &k, &v, inv_sqrt, &mut vec![0.0; t], y);
        agree(d, naive.into_iter(), run, run) && self.attention_i8(&q, &k, &v)
    }

    fn attention_i8(&self, q: &[f32], k: &[f32], v: &[f32]) -> bool {
        let (t, d) = (self.rows, self.k);
        let ((q8, q_scale), (k8, k_scale), (v8, v_scale)) = (int8_cache(q, d), int8_cache(k, d), int8_cache(v, d));
        let x = Activation { q: &q8, scale: q_scale[0], sum: 0 };
        let scores = (0..t).map(|r| {
            let dot: i32 = (0..d).map(|i| i32::from(q8[i]) * i32::from(k8[r * d + i])).sum();
            dot as f32 * ((q_scale[0] * k_scale[r]) * 0.25)
        });
        let p = numerators(scores.collect());
        let total = lane_sum(t, |r| p[r]);
        let naive = (0..d)
            .map(|i| (0..t).fold(0f32, |sum, r| sum + (p[r] * v_scale[r]) * f32::from(v8[r * d + i])) * (1.0 / total));
        let (k, v) = (Int8Cache { values: &k8, scales: &k_scale }, Int8Cache { values: &v8, scales: &v_scale });
        let run = |y: &mut [f32]| attend_i8(x, k, v, 0.25, &mut vec![0.0; t], y);
        agree(d, naive, run, run)
    }
}

fn numerators(scores: Vec<f32>) -> Vec<f32> {
    let max = scores.iter().fold(f32::NEG_INFINITY, |m, s| m.max(*s));
    scores.iter().map(|s| exp(s - max)).collect()
}

fn naive_attention(v: &[f32], d: usize, scores: Vec<f32>) -> Vec<f32> {
    let p = numerators(scores);
    let total = lane_sum(p.len(), |r| p[r]);
    (0..d).map(|i| p.iter().enumerate().fold(0f32, |sum, (r, p)| sum + p * v[r * d + i]) * (1.0 / total)).collect()
}

fn int8_cache(x: &[f32], d: usize) -> (Vec<i8>, Vec<f32>) {
    let mut q = vec![0i8; x.len()];
    let scales = x.chunks_exact(d).zip(q.chunks_exact_mut(d)).map(|(x, q)| quant::quantize(x, q).0).collect();
    (q, scales)
}

fn pack_bits(bits: &[bool]) -> u8 {
    bits.iter().enumerate().fold(0, |byte, (i, bit)| byte | u8::from(*bit) << i)
}

fn from<'a>(start: &'a [f32], f: impl Fn(&mut [f32]) + 'a) -> impl Fn(&mut [f32]) + 'a {
    move |y| {
        y.copy_from_slice(start);
        f(y);
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

    /// A code of the row-lane layout, up to the largest its bits hold.
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
