//! Activation rows as kernels read them, and the room kernels work in.
// Without SIMD nothing is derived.
#![cfg_attr(not(target_feature = "simd128"), allow(dead_code))]

use crate::line::Line;

/// One activation row in int8: `x ≈ q · scale`.
#[derive(Clone, Copy)]
pub struct Activation<'a> {
    /// `[k]`, −127..=127
    pub q: &'a [i8],
    /// Real value of one step: `[1]`, or `[k / group]` where the matrix has a scale a group.
    pub scales: &'a [f32],
    /// Σ q of what shares a scale, as many.
    pub sums: &'a [i32],
}

/// Activation rows in int8, `n` of them.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    /// `[n][k]`, −127..=127
    pub q: &'a [i8],
    /// Real value of one step: `[n]`, or `[n][k / group]` where the matrix has a scale a group.
    pub scales: &'a [f32],
    /// Σ q of what shares a scale, as many.
    pub sums: &'a [i32],
    /// Which of the quantisations of the same rows `q` is: what is derived of another is derived anew.
    pub source: Source,
}

/// A quantisation of the rows at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One scale a token.
    PerToken,
    /// A scale per 128 of K.
    PerGroup,
}

impl<'a> Tokens<'a> {
    /// Row `t` of `n`.
    pub(crate) fn row(&self, t: usize, n: usize) -> Activation<'a> {
        let (k, steps) = (self.q.len() / n, self.sums.len() / n);
        let at = t * steps..(t + 1) * steps;
        Activation { q: &self.q[t * k..(t + 1) * k], scales: &self.scales[at.clone()], sums: &self.sums[at] }
    }
}

/// Activation rows in one bit, `x ≈ ±beta`.
#[derive(Clone, Copy)]
pub struct BinaryTokens<'a> {
    /// `[n][k / 8]`, bit 1 = +1
    pub bits: &'a [u8],
    /// Mean |x − threshold| `[n]`.
    pub beta: &'a [f32],
}

/// Which tables of the activations lookups read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Two-bit weights: sums of pairs.
    Pairs,
    /// One-bit weights: sums of fours.
    Fours,
}

impl Tables {
    /// Bytes for `k` activations.
    pub const fn bytes(self, k: usize) -> usize {
        match self {
            Tables::Pairs => 16 * k,
            Tables::Fours => 8 * k,
        }
    }
}

/// Room in which kernels derive and sum.
pub struct Workspace<'a> {
    /// For a GEMM.
    pub tile: Tile<'a>,
    /// Of the activations at hand.
    pub derived: Derived<'a>,
}

/// Room for a tile of weights and its products.
pub struct Tile<'a> {
    /// `[TILE_K / 4][8][16]` unpacked codes
    pub codes: &'a mut [Line],
    /// `[n][32]` sums of the tile
    pub sums: &'a mut [i32],
    /// `[n][32]` scaled sums
    pub totals: &'a mut [f32],
}

/// What kernels derive from activations, kept while several matrices read the same.
pub struct Derived<'a> {
    /// As i16, each four as 0, 2, 1, 3: `[n][k]`
    pub q16: &'a mut [i16],
    /// Lookup tables of one row, at most `Tables::Pairs.bytes(k)`
    pub tables: &'a mut [u8],
    /// What the two are of.
    pub of: &'a mut DerivedOf,
}

/// Of what activations are derived; of none by default, which a caller with other rows starts from.
#[derive(Default)]
pub struct DerivedOf {
    /// whose values `q16` has
    pub(crate) q16: Option<Source>,
    /// kind, row and values of `tables`
    pub(crate) tables: Option<(Tables, usize, Source)>,
}
