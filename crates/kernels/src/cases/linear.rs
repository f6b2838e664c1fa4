//! Matrix kernels.

use std::vec;
use std::vec::Vec;

use super::{agree, Case};
use crate::line::{bytes_mut, int8_mut, Line};
use crate::math::f16_to_f32;
use crate::matrix::{Activation, Binary, BinaryActivation, Bits, Grouped, GroupedActivation, Int8Rows, Ternary};
use crate::{active, pack, scalar};

impl Case {
    pub(super) fn ternary(&self) -> bool {
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

    pub(super) fn grouped(&self, bits: Bits, group: usize) -> bool {
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

    pub(super) fn binary(&self) -> bool {
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

    pub(super) fn int8(&self) -> bool {
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
}

fn pack_bits(bits: &[bool]) -> u8 {
    bits.iter().enumerate().fold(0, |byte, (i, bit)| byte | u8::from(*bit) << i)
}
