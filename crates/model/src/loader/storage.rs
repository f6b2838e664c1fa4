//! How tensors are stored, and what that takes.

use pocketbit_kernels::dispatch::choice::Choice;
use pocketbit_kernels::family::Family;
use pocketbit_kernels::format::ggml::PackedBlock;
use pocketbit_kernels::format::layout::{self, Bits, Form, Layout};
use pocketbit_kernels::line::Line;
use pocketbit_kernels::matrix::Int4;

/// The form a tensor is stored in.
#[derive(Clone, Copy)]
pub(crate) enum Storage {
    /// f32 `[k]`
    Vector,
    /// f32 `[rows][k]`
    Floats,
    /// int8 or int4 rows with an f32 scale each
    Integer(Family),
    /// the file's codes, and its f16 scales where they differ
    Lanes(PackedBlock),
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
    /// What a tensor `[rows][k]` takes while it is loaded; of binary weights, whose layouts differ in it, the most.
    pub(crate) fn extent(self, (rows, k): (usize, usize)) -> Extent {
        let of = |lines, floats| Extent { lines, halves: 0, floats };
        match self {
            Storage::Vector => of(0, k),
            Storage::Floats => of(0, rows * k),
            Storage::Integer(Family::Int4) => of(Int4::FORM.lines(rows, k), rows),
            Storage::Integer(_) => of(layout::int8_lines(rows, k), rows),
            Storage::Binary => of(Form::new(Layout::TallColumns, Bits::One).lines(rows, k), rows),
            Storage::Lanes(block) => {
                let halves = if block.scale_ends_tensor { 0 } else { layout::group_scales(rows, k, block.weights) };
                // Lanes take the same room in either layout.
                let form = Choice::default_of(block.family).form(block.bits());
                Extent { halves, ..of(form.lines(rows, k), 0) }
            }
        }
    }

    /// Bytes of it once it is loaded. Block scales of ternary types are equal in every known file, and then kept once.
    pub(crate) fn resident_bytes(self, shape: (usize, usize)) -> u64 {
        let Extent { lines, halves, floats } = self.extent(shape);
        let halves = if self.groups_activations() { halves } else { 0 };
        (lines * size_of::<Line>()) as u64 + (halves * size_of::<u16>() + floats * size_of::<f32>()) as u64
    }

    /// Whether a product with it reads activations quantised per group.
    pub(crate) fn groups_activations(self) -> bool {
        matches!(self, Storage::Lanes(block) if block.grouped_activations())
    }
}
