//! Matrix kernels: every GEMV and GEMM of the build, in the layout it reads.

use std::vec;
use std::vec::Vec;

use super::case::{same, Case, Draw};
use crate::activation::{BinaryTokens, Derived, DerivedOf, Source, Tables, Tile, Tokens, Workspace};
use crate::dispatch::choice::{gemm_kernels, gemv_kernels, Choice};
use crate::dispatch::multiply::{multiply_binary, multiply_grouped, multiply_int4, multiply_int8, multiply_ternary};
use crate::family::Family;
use crate::format::layout::{self, put_codes, Bits, Form, Layout};
use crate::line::{bytes_mut, int8_mut, Line};
use crate::math::f16_to_f32;
use crate::matrix::{Binary, Grouped, Int4, Int8, Ternary};

/// Tokens a GEMM is tried with: one, two and three are register blocks, five and nine leave remainders.
const TOKENS: [usize; 6] = [1, 2, 3, 4, 5, 9];

/// Every choice of kernels for a family.
fn choices(family: Family) -> impl Iterator<Item = Choice> {
    gemv_kernels(family).iter().flat_map(move |gemv| {
        gemm_kernels(family).iter().filter_map(move |gemm| Choice::named(family, gemv.name(), gemm.name()))
    })
}

/// Activations of several tokens, with `steps` scales each.
struct Inputs {
    k: usize,
    steps: usize,
    /// `[n][k]`
    q: Vec<i8>,
    /// `[n][steps]`
    scales: Vec<f32>,
    sums: Vec<i32>,
}

impl Inputs {
    fn draw(draw: &mut Draw, k: usize, steps: usize, scales: Vec<f32>) -> Self {
        let q: Vec<i8> = (0..scales.len() / steps * k).map(|i| draw.int8(i, false)).collect();
        let sums = q.chunks_exact(k / steps).map(sum).collect();
        Inputs { k, steps, q, scales, sums }
    }

    fn row(&self, t: usize) -> &[i8] {
        &self.q[t * self.k..(t + 1) * self.k]
    }

    /// Tokens `t..t + n`.
    fn tokens(&self, t: usize, n: usize) -> Tokens<'_> {
        let (k, at) = (self.k, t * self.steps..(t + n) * self.steps);
        let (scales, sums) = (&self.scales[at.clone()], &self.sums[at]);
        Tokens { q: &self.q[t * k..(t + n) * k], scales, sums, source: Source::PerToken }
    }

    fn all(&self) -> Tokens<'_> {
        self.tokens(0, self.scales.len() / self.steps)
    }
}

/// Room for `n` tokens of `k`.
fn with_room(n: usize, k: usize, body: impl FnOnce(&mut Workspace)) {
    let mut codes = vec![Line::filled(0xa5); layout::TILE_LINES];
    let (mut sums, mut totals) = (vec![77; 32 * n], vec![f32::NAN; 32 * n]);
    let (mut q16, mut tables, mut of) = (vec![77; n * k], vec![77; Tables::Pairs.bytes(k)], DerivedOf::default());
    let tile = Tile { codes: &mut codes, sums: &mut sums, totals: &mut totals };
    body(&mut Workspace { tile, derived: Derived { q16: &mut q16, tables: &mut tables, of: &mut of } });
}

/// `codes` `[rows][k]` packed.
fn packed(form: Form, rows: usize, k: usize, codes: &[u8]) -> Vec<Line> {
    let mut lines = vec![Line::filled(layout::TERNARY_ZERO); form.lines(rows, k)];
    for (row, codes) in codes.chunks_exact(k).enumerate() {
        put_codes(form, bytes_mut(&mut lines), k, row, 0, codes);
    }
    lines
}

fn dot(weights: impl Iterator<Item = i32>, q: &[i8]) -> i32 {
    weights.zip(q).map(|(w, q)| w * i32::from(*q)).sum()
}

fn sum(q: &[i8]) -> i32 {
    q.iter().map(|q| i32::from(*q)).sum()
}

impl Case {
    fn tokens(&self) -> usize {
        TOKENS[(self.seed as usize + self.rows + self.k / 16) % TOKENS.len()]
    }

    pub(super) fn ternary(&self) -> bool {
        let (rows, k, n) = (self.rows, self.k, self.tokens());
        let mut weights = self.draw(1);
        // Code 3 in some cases: Q2_0 with one scale has it.
        let wide = self.seed == 3;
        let codes: Vec<u8> =
            (0..rows * k).map(|i| if wide { weights.lane_code(Bits::Two, i) } else { weights.code(i) }).collect();
        let x = Inputs::draw(&mut self.draw(2), k, 1, (0..n).map(|t| 0.013 + t as f32 * 1e-3).collect());
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                let row = codes[r * k..][..k].iter().map(|c| i32::from(*c) - 1);
                dot(row, x.row(t)) as f32 * (0.37 * x.scales[t])
            })
            .collect();
        choices(Family::Ternary).all(|choice| {
            let lines = packed(choice.form(Bits::Two), rows, k, &codes);
            let Some(w) = Ternary::new(&lines, choice, (rows, k), 0.37, wide) else { return false };
            let one = |t, y: &mut [f32]| with_room(1, k, |room| multiply_ternary(&w, x.tokens(t, 1), room, y));
            same(rows, &naive, one, |y| with_room(n, k, |room| multiply_ternary(&w, x.all(), room, y)))
        })
    }

    pub(super) fn grouped(&self, family: Family, group: usize) -> bool {
        let bits = if family == Family::OneBit { Bits::One } else { Bits::Two };
        let (rows, k, groups, n) = (self.rows, self.k, self.k / group, self.tokens());
        let mut weights = self.draw(1);
        let narrow = self.seed == 2;
        let codes: Vec<u8> = (0..rows * k)
            .map(|i| if narrow && bits == Bits::Two { weights.code(i) } else { weights.lane_code(bits, i) })
            .collect();
        let x = Inputs::draw(&mut self.draw(2), k, groups, (0..n * groups).map(|g| 0.01 + g as f32 * 1e-4).collect());
        // Normal, negative, zero and subnormal halves.
        let scales: Vec<u16> =
            (0..layout::group_scales(rows, k, group)).map(|i| [0x2e66, 0xb4cd, 0, 0x0201][i % 4]).collect();
        let value = |code: u8| if bits == Bits::One { 2 * i32::from(code) - 1 } else { i32::from(code) - 1 };
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                (0..groups).fold(0f32, |y, g| {
                    let at = g * group..(g + 1) * group;
                    let acc = dot(codes[r * k..][at.clone()].iter().map(|c| value(*c)), &x.row(t)[at]);
                    y + acc as f32 * (f16_to_f32(scales[layout::scale_at(r, groups, g)]) * x.scales[t * groups + g])
                })
            })
            .collect();
        choices(family).all(|choice| {
            let lines = packed(choice.form(bits), rows, k, &codes);
            let Some(w) = Grouped::new(&lines, &scales, choice, (rows, k), group, !narrow) else { return false };
            let one = |t, y: &mut [f32]| with_room(1, k, |room| multiply_grouped(&w, x.tokens(t, 1), room, y));
            same(rows, &naive, one, |y| with_room(n, k, |room| multiply_grouped(&w, x.all(), room, y)))
        })
    }

    pub(super) fn binary(&self) -> bool {
        let (rows, k, n) = (self.rows, self.k, self.tokens());
        let (mut weights, mut values) = (self.draw(1), self.draw(2));
        let codes: Vec<u8> = (0..rows * k).map(|i| u8::from(weights.code(i) == 2)).collect();
        let signs: Vec<u8> = (0..n * k).map(|i| u8::from(values.int8(i, false) > 0)).collect();
        let alpha: Vec<f32> = (0..rows).map(|r| 0.1 + r as f32 * 0.01).collect();
        let beta: Vec<f32> = (0..n).map(|t| 0.7 - t as f32 * 0.01).collect();
        let mut bits = vec![0; n * k / 8];
        put_codes(Form::new(Layout::RowMajor, Bits::One), &mut bits, n * k, 0, 0, &signs);
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                let pairs = codes[r * k..][..k].iter().zip(&signs[t * k..]);
                let acc: i32 = pairs.map(|(w, x)| if w == x { 1 } else { -1 }).sum();
                acc as f32 * (alpha[r] * beta[t])
            })
            .collect();
        choices(Family::Binary).all(|choice| {
            let lines = packed(choice.form(Bits::One), rows, k, &codes);
            let Some(w) = Binary::new(&lines, choice, &alpha, k) else { return false };
            let one = |t: usize, y: &mut [f32]| {
                let bits = &bits[t * k / 8..(t + 1) * k / 8];
                multiply_binary(&w, BinaryTokens { bits, beta: &beta[t..=t] }, y);
            };
            same(rows, &naive, one, |y| multiply_binary(&w, BinaryTokens { bits: &bits, beta: &beta }, y))
        })
    }

    pub(super) fn int8(&self) -> bool {
        let (rows, k) = (self.rows, self.k);
        let mut weights = self.draw(1);
        let mut lines = vec![Line::filled(0); layout::int8_lines(rows, k)];
        let dense: Vec<i8> = (0..rows * k).map(|i| weights.int8(i, true)).collect();
        int8_mut(&mut lines)[..dense.len()].copy_from_slice(&dense);
        let scales: Vec<f32> = (0..rows).map(|r| 0.2 - r as f32 * 0.003).collect();
        self.scaled_rows(
            Family::Int8,
            |r, i| dense[r * k + i].into(),
            &scales,
            |choice, x, y| {
                if let Some(w) = Int8::new(&lines, choice, &scales, k) {
                    multiply_int8(&w, x, y);
                }
            },
        )
    }

    pub(super) fn int4(&self) -> bool {
        let (rows, k) = (self.rows, self.k);
        let mut weights = self.draw(1);
        let codes: Vec<u8> = (0..rows * k).map(|i| (weights.int8(i, true) / 18 + 8) as u8).collect();
        let scales: Vec<f32> = (0..rows).map(|r| 0.2 - r as f32 * 0.003).collect();
        let lines = packed(Int4::FORM, rows, k, &codes);
        self.scaled_rows(
            Family::Int4,
            |r, i| i32::from(codes[r * k + i]) - 8,
            &scales,
            |choice, x, y| {
                if let Some(w) = Int4::new(&lines, choice, &scales, k) {
                    multiply_int4(&w, x, y);
                }
            },
        )
    }

    /// Rows with a scale each.
    fn scaled_rows(
        &self,
        family: Family,
        weight: impl Fn(usize, usize) -> i32,
        scales: &[f32],
        multiply: impl Fn(Choice, Tokens, &mut [f32]),
    ) -> bool {
        let (rows, n) = (self.rows, self.tokens());
        let x = Inputs::draw(&mut self.draw(2), self.k, 1, (0..n).map(|t| 0.011 + t as f32 * 1e-3).collect());
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                dot((0..self.k).map(|i| weight(r, i)), x.row(t)) as f32 * (scales[r] * x.scales[t])
            })
            .collect();
        choices(family).all(|choice| {
            let one = |t, y: &mut [f32]| multiply(choice, x.tokens(t, 1), y);
            same(rows, &naive, one, |y| multiply(choice, x.all(), y))
        })
    }
}
