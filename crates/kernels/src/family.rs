//! The families of matrices, under the names that TypeScript gives them too.

/// What the weights and activations of a matrix are, hence which kernels compute it (DESIGN.md, Numerics).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Family {
    /// −1, 0, +1 with one scale a matrix; int8 activations
    Ternary,
    /// −1..=2 with a scale a group; int8 activations
    TwoBit,
    /// ±1 with a scale a group; int8 activations
    OneBit,
    /// ±1 with a scale a row; activations ±1
    Binary,
    /// int8 with a scale a row; int8 activations
    Int8,
    /// int4 with a scale a row; int8 activations
    Int4,
}

impl Family {
    /// Every family, by number.
    pub const ALL: [Family; 6] =
        [Family::Ternary, Family::TwoBit, Family::OneBit, Family::Binary, Family::Int8, Family::Int4];

    /// The name in both languages.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Ternary => "ternary",
            Family::TwoBit => "twoBit",
            Family::OneBit => "oneBit",
            Family::Binary => "binary",
            Family::Int8 => "int8",
            Family::Int4 => "int4",
        }
    }

    /// The family of this name.
    pub fn from_name(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_one_name_and_one_number() {
        for (number, family) in Family::ALL.into_iter().enumerate() {
            assert_eq!((family as usize, Family::from_name(family.name())), (number, Some(family)));
        }
        assert_eq!(Family::from_name("w158a8"), None);
    }
}
