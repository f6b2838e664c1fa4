//! What kernels derive from activations before they multiply, done once for all matrices that read them.

use super::gemm::multiply::widen;
use super::lookup::{four_tables, pair_tables};
use crate::activation::{Derived, Source, Tables};

impl Derived<'_> {
    /// `q` `[n][k]` of `source` as [`widen`] leaves it.
    pub(crate) fn widened(&mut self, q: &[i8], source: Source) -> &[i16] {
        let q16 = &mut self.q16[..q.len()];
        if self.of.q16 != Some(source) {
            widen(q, q16);
            self.of.q16 = Some(source);
        }
        q16
    }

    /// The tables of row `t` of `source`, which is `q` `[k]`.
    pub(crate) fn tables(&mut self, kind: Tables, (t, q): (usize, &[i8]), source: Source) -> &[u8] {
        let tables = &mut self.tables[..kind.bytes(q.len())];
        if self.of.tables != Some((kind, t, source)) {
            match kind {
                Tables::Pairs => pair_tables(q, tables),
                Tables::Fours => four_tables(q, tables),
            }
            self.of.tables = Some((kind, t, source));
        }
        tables
    }
}
