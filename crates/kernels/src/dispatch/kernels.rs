//! Codes paired with the kernel that reads their layout: no kernel can be handed another's. A build has the variants of
//! the kernels it holds and no others, so that a `match` names them all.

use super::choice::{Gemm, Gemv};
use crate::format::layout::{code_at, BitRows, Bits, Form, Layout, Quads};
#[cfg(target_feature = "simd128")]
use crate::format::layout::{Columns, TallColumns};

/// Codes with the kernel that reads them, of the ternary, two-bit and one-bit families.
#[derive(Clone, Copy)]
pub(crate) enum LaneGemv<'a> {
    #[cfg(not(target_feature = "simd128"))]
    Scalar(Quads<'a>),
    #[cfg(target_feature = "simd128")]
    Widening(Quads<'a>),
    #[cfg(target_feature = "simd128")]
    Lookup(Columns<'a>),
    #[cfg(target_feature = "relaxed-simd")]
    Dot(Quads<'a>),
    #[cfg(target_feature = "relaxed-simd")]
    Dot16(Quads<'a>),
}

/// Codes of either layout, for kernels that read both.
#[derive(Clone, Copy)]
pub(crate) enum LaneCodes<'a> {
    Quads(Quads<'a>),
    #[cfg(target_feature = "simd128")]
    Columns(Columns<'a>),
}

/// How several tokens are multiplied with codes of either layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaneGemm {
    TokenByToken,
    #[cfg(target_feature = "simd128")]
    Packed16,
    #[cfg(target_feature = "relaxed-simd")]
    Dot,
}

/// Sign bits with the kernel that reads them.
#[derive(Clone, Copy)]
pub(crate) enum BinaryGemv<'a> {
    #[cfg(not(target_feature = "simd128"))]
    Scalar(BitRows<'a>),
    #[cfg(target_feature = "simd128")]
    Popcount(BitRows<'a>),
    #[cfg(target_feature = "simd128")]
    Lookup(TallColumns<'a>),
}

/// The kernel of rows with a scale each.
#[derive(Clone, Copy)]
pub(crate) enum RowGemv {
    #[cfg(not(target_feature = "simd128"))]
    Scalar,
    #[cfg(target_feature = "simd128")]
    Widening,
    #[cfg(target_feature = "relaxed-simd")]
    Dot,
}

impl<'a> LaneGemv<'a> {
    pub(crate) fn new(gemv: Gemv, codes: &'a [u8]) -> Option<Self> {
        Some(match gemv {
            #[cfg(not(target_feature = "simd128"))]
            Gemv::Scalar => LaneGemv::Scalar(Quads(codes)),
            #[cfg(target_feature = "simd128")]
            Gemv::Widening => LaneGemv::Widening(Quads(codes)),
            #[cfg(target_feature = "simd128")]
            Gemv::Lookup => LaneGemv::Lookup(Columns(codes)),
            #[cfg(target_feature = "relaxed-simd")]
            Gemv::Dot => LaneGemv::Dot(Quads(codes)),
            #[cfg(target_feature = "relaxed-simd")]
            Gemv::Dot16 => LaneGemv::Dot16(Quads(codes)),
            _ => return None,
        })
    }

    pub(crate) fn codes(self) -> LaneCodes<'a> {
        match self {
            #[cfg(not(target_feature = "simd128"))]
            LaneGemv::Scalar(codes) => LaneCodes::Quads(codes),
            #[cfg(target_feature = "simd128")]
            LaneGemv::Widening(codes) => LaneCodes::Quads(codes),
            #[cfg(target_feature = "simd128")]
            LaneGemv::Lookup(codes) => LaneCodes::Columns(codes),
            #[cfg(target_feature = "relaxed-simd")]
            LaneGemv::Dot(codes) | LaneGemv::Dot16(codes) => LaneCodes::Quads(codes),
        }
    }
}

impl LaneCodes<'_> {
    /// `len` bytes from `at` on.
    #[cfg(target_feature = "simd128")]
    #[inline(always)]
    pub(crate) fn span(self, at: usize, len: usize) -> Self {
        match self {
            LaneCodes::Quads(Quads(codes)) => LaneCodes::Quads(Quads(&codes[at..at + len])),
            LaneCodes::Columns(Columns(codes)) => LaneCodes::Columns(Columns(&codes[at..at + len])),
        }
    }

    /// The code at `[row][k0]` of a matrix with `k` columns.
    pub(crate) fn code_at(self, bits: Bits, k: usize, row: usize, k0: usize) -> i32 {
        let (layout, codes) = match self {
            LaneCodes::Quads(Quads(codes)) => (Layout::Quads, codes),
            #[cfg(target_feature = "simd128")]
            LaneCodes::Columns(Columns(codes)) => (Layout::Columns, codes),
        };
        code_at(Form::new(layout, bits), codes, k, row, k0).into()
    }
}

impl LaneGemm {
    pub(crate) fn new(gemm: Gemm) -> Option<Self> {
        Some(match gemm {
            Gemm::TokenByToken => LaneGemm::TokenByToken,
            #[cfg(target_feature = "simd128")]
            Gemm::Packed16 => LaneGemm::Packed16,
            #[cfg(target_feature = "relaxed-simd")]
            Gemm::Dot => LaneGemm::Dot,
            _ => return None,
        })
    }
}

impl<'a> BinaryGemv<'a> {
    pub(crate) fn new(gemv: Gemv, bits: &'a [u8]) -> Option<Self> {
        Some(match gemv {
            #[cfg(not(target_feature = "simd128"))]
            Gemv::Scalar => BinaryGemv::Scalar(BitRows(bits)),
            #[cfg(target_feature = "simd128")]
            Gemv::Popcount => BinaryGemv::Popcount(BitRows(bits)),
            #[cfg(target_feature = "simd128")]
            Gemv::Lookup => BinaryGemv::Lookup(TallColumns(bits)),
            _ => return None,
        })
    }
}

impl RowGemv {
    pub(crate) fn new(gemv: Gemv) -> Option<Self> {
        Some(match gemv {
            #[cfg(not(target_feature = "simd128"))]
            Gemv::Scalar => RowGemv::Scalar,
            #[cfg(target_feature = "simd128")]
            Gemv::Widening => RowGemv::Widening,
            #[cfg(target_feature = "relaxed-simd")]
            Gemv::Dot => RowGemv::Dot,
            _ => return None,
        })
    }
}
