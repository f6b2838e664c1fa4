//! The one way from a matrix and activations to their product: `y[t] = w · x[t]` of every token, always written.
// Without SIMD nothing is derived.
#![cfg_attr(not(target_feature = "simd128"), allow(unused_variables))]

use super::kernels::{BinaryGemv, LaneGemv, RowGemv};
use crate::activation::{Activation, BinaryTokens, Tokens, Workspace};
use crate::format::layout::Bits;
use crate::matrix::{Binary, Grouped, Int4, Int8, Ternary};
#[cfg(not(target_feature = "simd128"))]
use crate::scalar;
#[cfg(target_feature = "simd128")]
use crate::wasm32::dot::{self, Widening};
#[cfg(target_feature = "simd128")]
use crate::wasm32::gemm::{gemm_grouped, gemm_ternary};
#[cfg(target_feature = "relaxed-simd")]
use crate::wasm32::relaxed::{self, Dot, Dot16};
#[cfg(target_feature = "simd128")]
use crate::wasm32::{lookup, popcount};
#[cfg(target_feature = "simd128")]
use crate::{
    activation::{Derived, Tables},
    dispatch::kernels::LaneGemm,
    wasm32::gemm::Operand,
};

/// Σ q of each `group` of `q`.
pub fn group_sums(q: &[i8], group: usize, sums: &mut [i32]) {
    for (q, sum) in q.chunks(group).zip(sums) {
        *sum = q.iter().map(|q| i32::from(*q)).sum();
    }
}

/// What a GEMM of this kernel multiplies a tile with; `None` where tokens go one by one, as a lone one does.
#[cfg(target_feature = "simd128")]
fn operand<'a>(gemm: LaneGemm, n: usize, x: Tokens<'a>, derived: &'a mut Derived) -> Option<Operand<'a>> {
    match gemm {
        _ if n == 1 => None,
        LaneGemm::TokenByToken => None,
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemm::Dot => Some(Operand::Dot(x.q)),
        LaneGemm::Packed16 => Some(Operand::Packed16(derived.widened(x.q, x.source))),
    }
}

/// The product of a ternary matrix and tokens, `y` `[n][rows]`.
pub fn multiply_ternary(w: &Ternary, x: Tokens, room: &mut Workspace, y: &mut [f32]) {
    let n = y.len() / w.rows;
    #[cfg(target_feature = "simd128")]
    if let Some(operand) = operand(w.gemm, n, x, &mut room.derived) {
        return gemm_ternary(operand, w, x, y, &mut room.tile);
    }
    for (t, y) in y.chunks_exact_mut(w.rows).enumerate() {
        gemv_ternary(w, (x, t, n), room, y);
    }
}

fn gemv_ternary(w: &Ternary, (x, t, n): (Tokens, usize, usize), room: &mut Workspace, y: &mut [f32]) {
    let row = x.row(t, n);
    match w.gemv {
        #[cfg(not(target_feature = "simd128"))]
        LaneGemv::Scalar(codes) => scalar::gemv_ternary(codes, w, row, y),
        #[cfg(target_feature = "simd128")]
        LaneGemv::Widening(codes) => dot::gemv_ternary::<Widening>(codes, w, row, y),
        #[cfg(target_feature = "simd128")]
        LaneGemv::Lookup(codes) => {
            lookup::gemv_ternary(codes, w, row, room.derived.tables(Tables::Pairs, (t, row.q), x.source), y);
        }
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemv::Dot(codes) => dot::gemv_ternary::<Dot>(codes, w, row, y),
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemv::Dot16(codes) => dot::gemv_ternary::<Dot16>(codes, w, row, y),
    }
}

/// The product of a two-bit or one-bit matrix and tokens, `y` `[n][rows]`.
pub fn multiply_grouped(w: &Grouped, x: Tokens, room: &mut Workspace, y: &mut [f32]) {
    let n = y.len() / w.rows;
    #[cfg(target_feature = "simd128")]
    if let Some(operand) = operand(w.gemm, n, x, &mut room.derived) {
        return gemm_grouped(operand, w, x, y, &mut room.tile);
    }
    for (t, y) in y.chunks_exact_mut(w.rows).enumerate() {
        match w.bits {
            Bits::One => gemv_one_bit(w, (x, t, n), room, y),
            _ => gemv_two_bit(w, (x, t, n), room, y),
        }
    }
}

fn gemv_one_bit(w: &Grouped, (x, t, n): (Tokens, usize, usize), room: &mut Workspace, y: &mut [f32]) {
    let row = x.row(t, n);
    match w.gemv {
        #[cfg(not(target_feature = "simd128"))]
        LaneGemv::Scalar(codes) => scalar::gemv_one_bit(codes, w, row, y),
        #[cfg(target_feature = "simd128")]
        LaneGemv::Widening(codes) => dot::gemv_one_bit::<Widening>(codes, w, row, y),
        #[cfg(target_feature = "simd128")]
        LaneGemv::Lookup(codes) => {
            lookup::gemv_one_bit(codes, w, row, room.derived.tables(Tables::Fours, (t, row.q), x.source), y);
        }
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemv::Dot(codes) => dot::gemv_one_bit::<Dot>(codes, w, row, y),
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemv::Dot16(codes) => dot::gemv_one_bit::<Dot16>(codes, w, row, y),
    }
}

fn gemv_two_bit(w: &Grouped, (x, t, n): (Tokens, usize, usize), room: &mut Workspace, y: &mut [f32]) {
    let row = x.row(t, n);
    match w.gemv {
        #[cfg(not(target_feature = "simd128"))]
        LaneGemv::Scalar(codes) => scalar::gemv_two_bit(codes, w, row, y),
        #[cfg(target_feature = "simd128")]
        LaneGemv::Widening(codes) => dot::gemv_two_bit::<Widening>(codes, w, row, y),
        #[cfg(target_feature = "simd128")]
        LaneGemv::Lookup(codes) => {
            lookup::gemv_two_bit(codes, w, row, room.derived.tables(Tables::Pairs, (t, row.q), x.source), y);
        }
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemv::Dot(codes) => dot::gemv_two_bit::<Dot>(codes, w, row, y),
        #[cfg(target_feature = "relaxed-simd")]
        LaneGemv::Dot16(codes) => dot::gemv_two_bit::<Dot16>(codes, w, row, y),
    }
}

/// The product of a binary matrix and tokens, `y` `[n][rows]`.
pub fn multiply_binary(w: &Binary, x: BinaryTokens, y: &mut [f32]) {
    match w.gemv {
        #[cfg(not(target_feature = "simd128"))]
        BinaryGemv::Scalar(rows) => each(w, x, y, |bits, beta, y| scalar::gemv_binary(rows, w, bits, beta, y)),
        #[cfg(target_feature = "simd128")]
        BinaryGemv::Popcount(rows) if w.tiles && x.beta.len() > 1 => popcount::gemm_binary(rows, w, x, y),
        #[cfg(target_feature = "simd128")]
        BinaryGemv::Lookup(codes) if w.tiles && x.beta.len() > 1 => lookup::gemm_binary(codes, w, x, y),
        #[cfg(target_feature = "simd128")]
        BinaryGemv::Popcount(rows) => each(w, x, y, |bits, beta, y| popcount::gemv_binary(rows, w, bits, beta, y)),
        #[cfg(target_feature = "simd128")]
        BinaryGemv::Lookup(codes) => each(w, x, y, |bits, beta, y| lookup::gemv_binary(codes, w, bits, beta, y)),
    }
}

fn each(w: &Binary, x: BinaryTokens, y: &mut [f32], gemv: impl Fn(&[u8], f32, &mut [f32])) {
    let tokens = x.bits.chunks_exact(w.k / 8).zip(x.beta);
    for ((bits, beta), y) in tokens.zip(y.chunks_exact_mut(w.alpha.len())) {
        gemv(bits, *beta, y);
    }
}

/// The product of int8 rows and tokens, `y` `[n][rows]`.
pub fn multiply_int8(w: &Int8, x: Tokens, y: &mut [f32]) {
    for (x, y) in one_by_one(x, y, w.scales.len()) {
        match w.gemv {
            #[cfg(not(target_feature = "simd128"))]
            RowGemv::Scalar => scalar::gemv_int8(w, x, y),
            #[cfg(target_feature = "simd128")]
            RowGemv::Widening => dot::gemv_int8(w, x, y),
            #[cfg(target_feature = "relaxed-simd")]
            RowGemv::Dot => relaxed::gemv_int8(w, x, y),
        }
    }
}

/// The product of int4 rows and tokens, `y` `[n][rows]`.
pub fn multiply_int4(w: &Int4, x: Tokens, y: &mut [f32]) {
    for (x, y) in one_by_one(x, y, w.scales.len()) {
        match w.gemv {
            #[cfg(not(target_feature = "simd128"))]
            RowGemv::Scalar => scalar::gemv_int4(w, x, y),
            #[cfg(target_feature = "simd128")]
            RowGemv::Widening => dot::gemv_int4::<Widening>(w, x, y),
            #[cfg(target_feature = "relaxed-simd")]
            RowGemv::Dot => dot::gemv_int4::<Dot>(w, x, y),
        }
    }
}

/// Each token with the row of `y` it goes to.
fn one_by_one<'a>(
    x: Tokens<'a>,
    y: &'a mut [f32],
    rows: usize,
) -> impl Iterator<Item = (Activation<'a>, &'a mut [f32])> {
    let n = y.len() / rows;
    y.chunks_exact_mut(rows).enumerate().map(move |(t, y)| (x.row(t, n), y))
}
