//! How tensors are stored, and what that takes.

use pocketbit_kernels::blocks::Type;
use pocketbit_kernels::choice::{Choice, Family};
use pocketbit_kernels::line::Line;
use pocketbit_kernels::matrix::Int4Rows;
use pocketbit_kernels::pack::{self, Bits, Form};

/// The form a tensor is stored in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Storage {
    /// f32 `[k]`
    Vector,
    /// f32 `[rows][k]`
    Floats,
    /// int8 rows with an f32 scale each
    Int8,
    /// int4 rows with an f32 scale each
    Int4,
    /// the file's codes, and its f16 scales where they differ
    Lanes,
    /// sign bits with an f32 scale a row
    Binary,
}

/// Lengths of a tensor's buffers.
pub(crate) struct Extent {
    /// of 64 bytes
    pub(crate) lines: usize,
    /// f16 scales
    pub(crate) halves: usize,
    pub(crate) floats: usize,
}

impl Storage {
    /// What a tensor of this type, `[rows][k]`, takes while it is loaded.
    pub(crate) fn extent(self, kind: Type, (rows, k): (usize, usize)) -> Extent {
        let of = |lines, floats| Extent { lines, halves: 0, floats };
        // The size of a form is the same in every layout.
        let lines = |family, bits| Form::new(Choice::default_of(family).layout(family), bits).lines(rows, k);
        match self {
            Storage::Vector => of(0, k),
            Storage::Floats => of(0, rows * k),
            Storage::Int8 => of(pack::int8_lines(rows, k), rows),
            Storage::Int4 => of(Int4Rows::FORM.lines(rows, k), rows),
            Storage::Binary => of(lines(Family::Binary, Bits::One), rows),
            Storage::Lanes => {
                let scales = if kind == Type::I2_S { 0 } else { pack::group_scales(rows, k, kind.block().1) };
                Extent { halves: scales, ..of(lines(likely_family(kind), codes_of(kind)), 0) }
            }
        }
    }

    /// Bytes of it once it is loaded. Block scales of ternary types are equal in every known file, and then kept once.
    pub(crate) fn resident_bytes(self, kind: Type, shape: (usize, usize)) -> u64 {
        let Extent { lines, halves, floats } = self.extent(kind, shape);
        let halves = if kind.grouped_activations() { halves } else { 0 };
        (lines * size_of::<Line>()) as u64 + (halves * size_of::<u16>() + floats * size_of::<f32>()) as u64
    }
}

/// Bits of a code of a packed type.
pub(crate) fn codes_of(kind: Type) -> Bits {
    kind.bits().unwrap_or(Bits::Two)
}

/// The family a tensor of this type most likely is of once its scales are known: it decides the layout.
pub(crate) fn likely_family(kind: Type) -> Family {
    match (codes_of(kind), kind.grouped_activations()) {
        (Bits::One, _) => Family::One,
        (_, true) => Family::Two,
        _ => Family::Ternary,
    }
}
