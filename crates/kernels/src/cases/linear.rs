//! Matrix kernels: every GEMV and GEMM of the build, in the layout it reads.

use std::vec;
use std::vec::Vec;

use super::{same, Case, Draw};
use crate::choice::{gemm_kernels, gemv_kernels, Choice, Family, Gemv};
use crate::line::{bytes_mut, int8_mut, Line};
use crate::math::f16_to_f32;
use crate::matrix::{
    Activation, Binary, BinaryActivation, Grouped, GroupedActivation, Int4Rows, Int8Rows, Ternary, Tokens,
};
use crate::pack::{self, Bits, Form, Layout};
use crate::run::{self, Tables, Workspace};

/// Tokens a GEMM is tried with: one, two and three are register blocks, five and nine leave remainders.
const TOKENS: [usize; 6] = [1, 2, 3, 4, 5, 9];

/// Every choice of kernels for a family.
fn choices(family: Family) -> impl Iterator<Item = Choice> {
    gemv_kernels(family).iter().flat_map(move |gemv| {
        gemm_kernels(family).iter().filter_map(move |gemm| Choice::named(family, gemv.name(), gemm.name()))
    })
}

/// Activations of several tokens.
struct Rows {
    k: usize,
    /// `[n][k]`
    q: Vec<i8>,
    q16: Vec<i16>,
}

impl Rows {
    fn draw(draw: &mut Draw, n: usize, k: usize) -> Self {
        let q: Vec<i8> = (0..n * k).map(|i| draw.int8(i, false)).collect();
        let mut q16 = vec![0; n * k];
        run::widen(&q, &mut q16);
        Rows { k, q, q16 }
    }

    fn row(&self, t: usize) -> &[i8] {
        &self.q[t * self.k..(t + 1) * self.k]
    }

    fn tables(&self, t: usize, kind: Tables) -> Vec<u8> {
        let mut tables = vec![0; kind.bytes(self.k)];
        run::build_tables(kind, self.row(t), &mut tables);
        tables
    }
}

/// Room for a GEMM of `n` tokens, as `body` needs it.
fn with_room<T>(n: usize, body: impl FnOnce(&mut Workspace) -> T) -> T {
    let mut tile = vec![Line::filled(0xa5); pack::TILE_LINES];
    let (mut sums, mut totals) = (vec![77; 32 * n], vec![f32::NAN; 32 * n]);
    body(&mut Workspace { tile: &mut tile, sums: &mut sums, totals: &mut totals })
}

/// `codes` `[rows][k]` packed.
fn packed(form: Form, rows: usize, k: usize, codes: &[u8]) -> Vec<Line> {
    let mut lines = vec![Line::filled(pack::TERNARY_ZERO); form.lines(rows, k)];
    for (row, codes) in codes.chunks_exact(k).enumerate() {
        pack::put_codes(form, bytes_mut(&mut lines), k, row, 0, codes);
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
        let x = Rows::draw(&mut self.draw(2), n, k);
        let scales: Vec<f32> = (0..n).map(|t| 0.013 + t as f32 * 1e-3).collect();
        let sums: Vec<i32> = (0..n).map(|t| sum(x.row(t))).collect();
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                let row = codes[r * k..][..k].iter().map(|c| i32::from(*c) - 1);
                dot(row, x.row(t)) as f32 * (0.37 * scales[t])
            })
            .collect();
        choices(Family::Ternary).all(|choice| {
            let layout = choice.layout(Family::Ternary);
            let lines = packed(Form::new(layout, Bits::Two), rows, k, &codes);
            let Some(w) = Ternary::new(&lines, layout, (rows, k), 0.37, wide) else { return false };
            let one = |t: usize, y: &mut [f32]| {
                let tables = x.tables(t, Tables::of(Family::Ternary, choice.gemv));
                let row = Activation { q: x.row(t), scale: scales[t], sum: sums[t] };
                run::gemv_w158a8(choice.gemv, &w, row, &tables, y);
            };
            let tokens = Tokens { q: &x.q, q16: &x.q16, scales: &scales, sums: &sums };
            let all = |y: &mut [f32]| with_room(n, |room| run::gemm_w158a8(choice.gemm, &w, &tokens, y, room));
            same(rows, &naive, one, all)
        })
    }

    pub(super) fn grouped(&self, family: Family, bits: Bits, group: usize) -> bool {
        let (rows, k, groups, n) = (self.rows, self.k, self.k / group, self.tokens());
        let mut weights = self.draw(1);
        let narrow = self.seed == 2;
        let codes: Vec<u8> = (0..rows * k)
            .map(|i| if narrow && bits == Bits::Two { weights.code(i) } else { weights.lane_code(bits, i) })
            .collect();
        let x = Rows::draw(&mut self.draw(2), n, k);
        // Normal, negative, zero and subnormal halves.
        let scales: Vec<u16> =
            (0..pack::group_scales(rows, k, group)).map(|i| [0x2e66, 0xb4cd, 0, 0x0201][i % 4]).collect();
        let x_scales: Vec<f32> = (0..n * groups).map(|g| 0.01 + g as f32 * 1e-4).collect();
        let sums: Vec<i32> = x.q.chunks_exact(group).map(sum).collect();
        let value = |code: u8| if bits == Bits::One { 2 * i32::from(code) - 1 } else { i32::from(code) - 1 };
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                (0..groups).fold(0f32, |y, g| {
                    let at = g * group..(g + 1) * group;
                    let acc = dot(codes[r * k..][at.clone()].iter().map(|c| value(*c)), &x.row(t)[at]);
                    y + acc as f32 * (f16_to_f32(scales[pack::scale_at(r, groups, g)]) * x_scales[t * groups + g])
                })
            })
            .collect();
        choices(family).all(|choice| {
            let form = Form::new(choice.layout(family), bits);
            let lines = packed(form, rows, k, &codes);
            let Some(w) = Grouped::new(&lines, &scales, form, (rows, k), group, !narrow) else { return false };
            let one = |t: usize, y: &mut [f32]| {
                let tables = x.tables(t, Tables::of(family, choice.gemv));
                let at = t * groups..(t + 1) * groups;
                let row = GroupedActivation { q: x.row(t), scales: &x_scales[at.clone()], sums: &sums[at] };
                run::gemv_grouped(choice.gemv, &w, row, &tables, y);
            };
            let tokens = Tokens { q: &x.q, q16: &x.q16, scales: &x_scales, sums: &sums };
            let all = |y: &mut [f32]| with_room(n, |room| run::gemm_grouped(choice.gemm, &w, &tokens, y, room));
            same(rows, &naive, one, all)
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
        pack::put_codes(Form::new(Layout::Row, Bits::One), &mut bits, n * k, 0, 0, &signs);
        let naive: Vec<f32> = (0..n * rows)
            .map(|i| {
                let (t, r) = (i / rows, i % rows);
                let pairs = codes[r * k..][..k].iter().zip(&signs[t * k..]);
                let acc: i32 = pairs.map(|(w, x)| if w == x { 1 } else { -1 }).sum();
                acc as f32 * (alpha[r] * beta[t])
            })
            .collect();
        choices(Family::Binary).all(|choice| {
            let layout = choice.layout(Family::Binary);
            let lines = packed(Form::new(layout, Bits::One), rows, k, &codes);
            let Some(w) = Binary::new(&lines, layout, &alpha, k) else { return false };
            let one = |t: usize, y: &mut [f32]| {
                let row = BinaryActivation { bits: &bits[t * k / 8..(t + 1) * k / 8], beta: beta[t] };
                run::gemv_w1a1(choice.gemv, &w, row, y);
            };
            same(rows, &naive, one, |y| run::gemm_w1a1(choice.gemm, &w, &bits, &beta, y))
        })
    }

    pub(super) fn int8(&self) -> bool {
        let (rows, k) = (self.rows, self.k);
        let mut weights = self.draw(1);
        let mut lines = vec![Line::filled(0); pack::int8_lines(rows, k)];
        let dense: Vec<i8> = (0..rows * k).map(|i| weights.int8(i, true)).collect();
        int8_mut(&mut lines)[..dense.len()].copy_from_slice(&dense);
        let scales: Vec<f32> = (0..rows).map(|r| 0.2 - r as f32 * 0.003).collect();
        let Some(w) = Int8Rows::new(&lines, &scales, k) else { return false };
        self.rows_of(
            Family::Int8,
            |r, i| i32::from(dense[r * k + i]),
            &scales,
            |gemv, x, y| {
                run::gemv_i8a8(gemv, &w, x, y);
            },
        )
    }

    pub(super) fn int4(&self) -> bool {
        let (rows, k) = (self.rows, self.k);
        let mut weights = self.draw(1);
        let codes: Vec<u8> = (0..rows * k).map(|i| (weights.int8(i, true) / 18 + 8) as u8).collect();
        let scales: Vec<f32> = (0..rows).map(|r| 0.2 - r as f32 * 0.003).collect();
        let lines = packed(Int4Rows::FORM, rows, k, &codes);
        let Some(w) = Int4Rows::new(&lines, &scales, k) else { return false };
        self.rows_of(
            Family::Int4,
            |r, i| i32::from(codes[r * k + i]) - 8,
            &scales,
            |gemv, x, y| {
                run::gemv_i4a8(gemv, &w, x, y);
            },
        )
    }

    /// Rows with a scale each, one token.
    fn rows_of(
        &self,
        family: Family,
        weight: impl Fn(usize, usize) -> i32,
        scales: &[f32],
        gemv: impl Fn(Gemv, Activation, &mut [f32]),
    ) -> bool {
        let x = Rows::draw(&mut self.draw(2), 1, self.k);
        let naive: Vec<f32> =
            (0..self.rows).map(|r| dot((0..self.k).map(|i| weight(r, i)), &x.q) as f32 * (scales[r] * 0.011)).collect();
        let row = Activation { q: &x.q, scale: 0.011, sum: sum(&x.q) };
        gemv_kernels(family).iter().all(|kernel| same(self.rows, &naive, |_, y| gemv(*kernel, row, y), |_| false))
    }
}
