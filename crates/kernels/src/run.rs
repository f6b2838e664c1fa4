//! Kernels by name, as [`crate::choice`] lists them.
//!
//! `tables` are what lookups need of the activations: [`Tables`] says how many bytes, [`build_tables`] fills them.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use native::*;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use wasm::*;

use crate::choice::{Family, Gemv};
use crate::line::Line;

/// Room a GEMM works in.
pub struct Workspace<'a> {
    /// `[TILE_K / 4][8][16]` unpacked codes
    pub tile: &'a mut [Line],
    /// `[n][32]` sums of a tile
    pub sums: &'a mut [i32],
    /// `[n][32]` scaled sums
    pub totals: &'a mut [f32],
}

/// Which tables a kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// none
    None,
    /// two-bit weights
    Pairs,
    /// one-bit weights
    Quads,
}

impl Tables {
    /// What `gemv` of `family` needs.
    pub const fn of(family: Family, gemv: Gemv) -> Self {
        match (gemv, family) {
            (Gemv::Lookup, Family::Ternary | Family::Two) => Tables::Pairs,
            (Gemv::Lookup, Family::One) => Tables::Quads,
            _ => Tables::None,
        }
    }

    /// Bytes for `k` activations.
    pub const fn bytes(self, k: usize) -> usize {
        match self {
            Tables::None => 0,
            Tables::Pairs => 16 * k,
            Tables::Quads => 8 * k,
        }
    }
}

/// Σ q of each `group` of `q`.
pub fn group_sums(q: &[i8], group: usize, sums: &mut [i32]) {
    for (q, sum) in q.chunks(group).zip(sums) {
        *sum = q.iter().map(|q| i32::from(*q)).sum();
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod native {
    use super::{Tables, Workspace};
    use crate::choice::{Gemm, Gemv};
    use crate::matrix::{
        Activation, Binary, BinaryActivation, Grouped, GroupedActivation, Int4Rows, Int8Rows, Ternary, Tokens,
    };
    use crate::pack::Bits;
    use crate::scalar;

    /// Fills `tables`; this build has no lookups.
    pub fn build_tables(_: Tables, _: &[i8], _: &mut [u8]) {}

    /// Widens activations for packed16; this build has none.
    pub fn widen(_: &[i8], _: &mut [i16]) {}

    /// `y = W·x`
    pub fn gemv_w158a8(_: Gemv, w: &Ternary, x: Activation, _: &[u8], y: &mut [f32]) {
        scalar::gemv_w158a8(w, x, y);
    }

    /// `y = W·x`
    pub fn gemv_grouped(_: Gemv, w: &Grouped, x: GroupedActivation, _: &[u8], y: &mut [f32]) {
        match w.bits() {
            Bits::One => scalar::gemv_q1a8(w, x, y),
            _ => scalar::gemv_q2a8(w, x, y),
        }
    }

    /// `y = W·x`
    pub fn gemv_w1a1(_: Gemv, w: &Binary, x: BinaryActivation, y: &mut [f32]) {
        scalar::gemv_w1a1(w, x, y);
    }

    /// `y = W·x`
    pub fn gemv_i8a8(_: Gemv, w: &Int8Rows, x: Activation, y: &mut [f32]) {
        scalar::gemv_i8a8(w, x, y);
    }

    /// `y = W·x`
    pub fn gemv_i4a8(_: Gemv, w: &Int4Rows, x: Activation, y: &mut [f32]) {
        scalar::gemv_i4a8(w, x, y);
    }

    /// Whether the product of every token was written; not here.
    pub fn gemm_w158a8(_: Gemm, _: &Ternary, _: &Tokens, _: &mut [f32], _: &mut Workspace) -> bool {
        false
    }

    /// Whether the product of every token was written; not here.
    pub fn gemm_grouped(_: Gemm, _: &Grouped, _: &Tokens, _: &mut [f32], _: &mut Workspace) -> bool {
        false
    }

    /// Whether the product of every token was written; not here.
    pub fn gemm_w1a1(_: Gemm, _: &Binary, _: &[u8], _: &[f32], _: &mut [f32]) -> bool {
        false
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use super::{Tables, Workspace};
    use crate::choice::{Gemm, Gemv};
    use crate::matrix::{
        Activation, Binary, BinaryActivation, Grouped, GroupedActivation, Int4Rows, Int8Rows, Ternary, Tokens,
    };
    use crate::pack::Bits;
    use crate::simd128::{self, Widening};
    use crate::{gemm, lookup, popcount, quads};

    #[cfg(target_feature = "relaxed-simd")]
    use crate::relaxed::{self as dot, Dot, Dot16};
    /// Without relaxed SIMD the lists name no dot kernel.
    #[cfg(not(target_feature = "relaxed-simd"))]
    use crate::simd128::{self as dot, Widening as Dot, Widening as Dot16};

    pub use crate::gemm::widen;

    /// Fills `tables` `[Tables::bytes(q.len())]`.
    pub fn build_tables(kind: Tables, q: &[i8], tables: &mut [u8]) {
        match kind {
            Tables::None => {}
            Tables::Pairs => lookup::pair_tables(q, tables),
            Tables::Quads => lookup::quad_tables(q, tables),
        }
    }

    /// `y = W·x`
    pub fn gemv_w158a8(kernel: Gemv, w: &Ternary, x: Activation, tables: &[u8], y: &mut [f32]) {
        match kernel {
            Gemv::Lookup => lookup::gemv_w158a8(w, x, tables, y),
            Gemv::Dot => quads::gemv_w158a8::<Dot>(w, x, y),
            Gemv::Dot16 => quads::gemv_w158a8::<Dot16>(w, x, y),
            _ => quads::gemv_w158a8::<Widening>(w, x, y),
        }
    }

    /// `y = W·x`
    pub fn gemv_grouped(kernel: Gemv, w: &Grouped, x: GroupedActivation, tables: &[u8], y: &mut [f32]) {
        match (w.bits(), kernel) {
            (Bits::One, Gemv::Lookup) => lookup::gemv_q1a8(w, x, tables, y),
            (Bits::One, Gemv::Dot) => quads::gemv_q1a8::<Dot>(w, x, y),
            (Bits::One, Gemv::Dot16) => quads::gemv_q1a8::<Dot16>(w, x, y),
            (Bits::One, _) => quads::gemv_q1a8::<Widening>(w, x, y),
            (_, Gemv::Lookup) => lookup::gemv_q2a8(w, x, tables, y),
            (_, Gemv::Dot) => quads::gemv_q2a8::<Dot>(w, x, y),
            (_, Gemv::Dot16) => quads::gemv_q2a8::<Dot16>(w, x, y),
            _ => quads::gemv_q2a8::<Widening>(w, x, y),
        }
    }

    /// `y = W·x`
    pub fn gemv_w1a1(kernel: Gemv, w: &Binary, x: BinaryActivation, y: &mut [f32]) {
        match kernel {
            Gemv::Lookup => lookup::gemv_w1a1(w, x, y),
            _ => popcount::gemv_w1a1(w, x, y),
        }
    }

    /// `y = W·x`
    pub fn gemv_i8a8(kernel: Gemv, w: &Int8Rows, x: Activation, y: &mut [f32]) {
        match kernel {
            Gemv::Dot => dot::gemv_i8a8(w, x, y),
            _ => simd128::gemv_i8a8(w, x, y),
        }
    }

    /// `y = W·x`
    pub fn gemv_i4a8(kernel: Gemv, w: &Int4Rows, x: Activation, y: &mut [f32]) {
        match kernel {
            Gemv::Dot => quads::gemv_i4a8::<Dot>(w, x, y),
            _ => quads::gemv_i4a8::<Widening>(w, x, y),
        }
    }

    /// Whether the product of every token was written; `Rows` leaves that to the GEMV.
    pub fn gemm_w158a8(kernel: Gemm, w: &Ternary, x: &Tokens, y: &mut [f32], room: &mut Workspace) -> bool {
        if kernel == Gemm::Rows {
            return false;
        }
        gemm::gemm_w158a8(kernel, w, x, y, room);
        true
    }

    /// Whether the product of every token was written; `Rows` leaves that to the GEMV.
    pub fn gemm_grouped(kernel: Gemm, w: &Grouped, x: &Tokens, y: &mut [f32], room: &mut Workspace) -> bool {
        if kernel == Gemm::Rows {
            return false;
        }
        gemm::gemm_grouped(kernel, w, x, y, room);
        true
    }

    /// Whether the product of every token was written; `Rows` leaves that to the GEMV.
    pub fn gemm_w1a1(kernel: Gemm, w: &Binary, bits: &[u8], beta: &[f32], y: &mut [f32]) -> bool {
        match kernel {
            Gemm::Lookup => lookup::gemm_w1a1(w, bits, beta, y),
            Gemm::Popcount => popcount::gemm_w1a1(w, bits, beta, y),
            _ => return false,
        }
        true
    }
}
