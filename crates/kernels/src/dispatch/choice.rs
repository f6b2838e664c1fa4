//! Which kernel serves which matrix: several per family, chosen at run time by measurement. The choice changes speed and
//! layout, never a bit of the result.

use crate::family::Family;
use crate::format::layout::{Bits, Form, Layout};

/// A matrix-vector kernel (decode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gemv {
    /// The specification.
    Scalar,
    /// Codes widened to i16, `i32x4.dot_i16x8`.
    Widening,
    /// Sums of a few activations looked up by swizzle.
    Lookup,
    /// Relaxed dot product into i32.
    Dot,
    /// Relaxed dot product into i16, widened now and then: faster where the engine has no fused i32 form.
    Dot16,
    /// XOR and popcount.
    Popcount,
}

/// A matrix-matrix kernel (prefill).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gemm {
    /// The GEMV, token by token.
    TokenByToken,
    /// Two rows in the halves of one i16 product, `i32x4.dot_i16x8`.
    Packed16,
    /// Codes unpacked to bytes, relaxed dot product.
    Dot,
    /// Lookups sharing their indices among tokens.
    Lookup,
    /// XOR and popcount, two rows by two tokens.
    Popcount,
}

/// The kernels of one matrix of a family: this build has them, and both read one layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    family: Family,
    gemv: Gemv,
    gemm: Gemm,
}

impl Gemv {
    /// The name JavaScript uses.
    pub const fn name(self) -> &'static str {
        match self {
            Gemv::Scalar => "scalar",
            Gemv::Widening => "widening",
            Gemv::Lookup => "lookup",
            Gemv::Dot => "dot",
            Gemv::Dot16 => "dot16",
            Gemv::Popcount => "popcount",
        }
    }

    const fn layout(self, family: Family) -> Layout {
        match (self, family) {
            (Gemv::Lookup, Family::Binary) => Layout::TallColumns,
            (Gemv::Lookup, _) => Layout::Columns,
            (_, Family::Binary | Family::Int8) => Layout::RowMajor,
            _ => Layout::Quads,
        }
    }
}

impl Gemm {
    /// The name JavaScript uses.
    pub const fn name(self) -> &'static str {
        match self {
            Gemm::TokenByToken => "rows",
            Gemm::Packed16 => "packed16",
            Gemm::Dot => "dot",
            Gemm::Lookup => "lookup",
            Gemm::Popcount => "popcount",
        }
    }
}

#[cfg(target_feature = "relaxed-simd")]
mod here {
    use super::{Gemm, Gemv};
    use crate::family::Family;

    pub(super) const fn gemv(family: Family) -> &'static [Gemv] {
        match family {
            Family::Ternary | Family::TwoBit => &[Gemv::Dot, Gemv::Lookup, Gemv::Dot16, Gemv::Widening],
            Family::OneBit => &[Gemv::Lookup, Gemv::Dot, Gemv::Dot16, Gemv::Widening],
            Family::Binary => &[Gemv::Lookup, Gemv::Popcount],
            Family::Int8 | Family::Int4 => &[Gemv::Dot, Gemv::Widening],
        }
    }

    pub(super) const fn gemm(family: Family) -> &'static [Gemm] {
        match family {
            Family::Ternary | Family::TwoBit | Family::OneBit => &[Gemm::Dot, Gemm::Packed16, Gemm::TokenByToken],
            Family::Binary => &[Gemm::Lookup, Gemm::Popcount, Gemm::TokenByToken],
            Family::Int8 | Family::Int4 => &[Gemm::TokenByToken],
        }
    }
}

#[cfg(all(target_feature = "simd128", not(target_feature = "relaxed-simd")))]
mod here {
    use super::{Gemm, Gemv};
    use crate::family::Family;

    pub(super) const fn gemv(family: Family) -> &'static [Gemv] {
        match family {
            Family::Ternary | Family::TwoBit | Family::OneBit => &[Gemv::Lookup, Gemv::Widening],
            Family::Binary => &[Gemv::Popcount, Gemv::Lookup],
            Family::Int8 | Family::Int4 => &[Gemv::Widening],
        }
    }

    pub(super) const fn gemm(family: Family) -> &'static [Gemm] {
        match family {
            Family::Ternary | Family::TwoBit | Family::OneBit => &[Gemm::Packed16, Gemm::TokenByToken],
            Family::Binary => &[Gemm::Popcount, Gemm::Lookup, Gemm::TokenByToken],
            Family::Int8 | Family::Int4 => &[Gemm::TokenByToken],
        }
    }
}

#[cfg(not(target_feature = "simd128"))]
mod here {
    use super::{Gemm, Gemv};
    use crate::family::Family;

    pub(super) const fn gemv(_: Family) -> &'static [Gemv] {
        &[Gemv::Scalar]
    }

    pub(super) const fn gemm(_: Family) -> &'static [Gemm] {
        &[Gemm::TokenByToken]
    }
}

/// GEMV kernels of this build, the default first.
pub const fn gemv_kernels(family: Family) -> &'static [Gemv] {
    here::gemv(family)
}

/// GEMM kernels of this build, the default first.
pub const fn gemm_kernels(family: Family) -> &'static [Gemm] {
    here::gemm(family)
}

impl Choice {
    /// The default of this build.
    pub const fn default_of(family: Family) -> Choice {
        Choice { family, gemv: gemv_kernels(family)[0], gemm: gemm_kernels(family)[0] }
    }

    /// Every kernel for one token with the default for several.
    pub fn each_gemv(family: Family) -> impl Iterator<Item = Choice> {
        let default = Choice::default_of(family);
        gemv_kernels(family).iter().map(move |gemv| Choice { gemv: *gemv, ..default }.in_one_layout())
    }

    /// The kernels of these names, if this build has them for `family`. A binary GEMM that cannot read the GEMV's
    /// layout gives way to the one that can.
    pub fn named(family: Family, gemv: &str, gemm: &str) -> Option<Choice> {
        let gemv = *gemv_kernels(family).iter().find(|kernel| kernel.name() == gemv)?;
        let gemm = *gemm_kernels(family).iter().find(|kernel| kernel.name() == gemm)?;
        Some(Choice { family, gemv, gemm }.in_one_layout())
    }

    const fn in_one_layout(self) -> Choice {
        let gemm = match (self.gemv, self.gemm) {
            (Gemv::Popcount, Gemm::Lookup) => Gemm::Popcount,
            (Gemv::Lookup, Gemm::Popcount) => Gemm::Lookup,
            (_, gemm) => gemm,
        };
        Choice { gemm, ..self }
    }

    /// Whose kernels these are.
    pub const fn family(self) -> Family {
        self.family
    }

    /// The kernel for one token.
    pub const fn gemv(self) -> Gemv {
        self.gemv
    }

    /// The kernel for several.
    pub const fn gemm(self) -> Gemm {
        self.gemm
    }

    /// The layout both kernels read.
    pub const fn layout(self) -> Layout {
        self.gemv.layout(self.family)
    }

    /// The same with the width of a code.
    pub const fn form(self, bits: Bits) -> Form {
        Form::new(self.layout(), bits)
    }
}

/// Sizes whose kernels are chosen apart: a small matrix stays in the first cache levels.
pub const SHAPE_CLASSES: usize = 2;
/// Weights from which a matrix is of the second class.
const LARGE: usize = 1 << 20;

/// The class of a `rows × k` matrix.
pub const fn shape_class(rows: usize, k: usize) -> usize {
    (rows * k >= LARGE) as usize
}

/// The choice for every family and shape class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices([[Choice; SHAPE_CLASSES]; Family::ALL.len()]);

impl Default for Choices {
    fn default() -> Self {
        Choices(Family::ALL.map(|family| [Choice::default_of(family); SHAPE_CLASSES]))
    }
}

impl Choices {
    /// What serves a `rows × k` matrix of `family`.
    pub fn of(&self, family: Family, rows: usize, k: usize) -> Choice {
        self.0[family as usize][shape_class(rows, k)]
    }

    /// The same among kernels that read `layout`: a matrix whose scales turn out equal changes family when it is packed.
    pub fn reading(&self, layout: Layout, family: Family, rows: usize, k: usize) -> Choice {
        let choice = self.of(family, rows, k);
        if choice.layout() == layout {
            return choice;
        }
        let gemv = gemv_kernels(family).iter().find(|gemv| gemv.layout(family) == layout);
        Choice { gemv: *gemv.expect("a layout is read by every family of lanes"), ..choice }.in_one_layout()
    }

    /// Sets the kernels of one class; `None` for a class there is not.
    pub fn set(&mut self, family: Family, class: usize, choice: Choice) -> Option<()> {
        *self.0[family as usize].get_mut(class)? = choice;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_build_is_no_choice() {
        for family in Family::ALL {
            let own = Choice::default_of(family);
            assert_eq!(Choice::named(family, own.gemv.name(), own.gemm.name()), Some(own));
            assert_eq!(Choice::named(family, "dot", own.gemm.name()), None);
            assert_eq!(Choice::named(family, own.gemv.name(), ""), None);
        }
    }

    #[test]
    fn every_family_of_lanes_reads_every_layout_of_lanes() {
        let families = [Family::Ternary, Family::TwoBit, Family::OneBit];
        for (family, own) in
            families.into_iter().flat_map(|family| gemv_kernels(family).iter().map(move |k| (family, k)))
        {
            for other in families {
                let layout = own.layout(family);
                assert_eq!(Choices::default().reading(layout, other, 32, 256).layout(), layout);
            }
        }
    }
}
