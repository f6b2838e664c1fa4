//! Which kernels serve a loaded model.

use alloc::string::String;
use alloc::vec::Vec;

use crate::forward::Model;
use crate::role::{Part, Role};
use crate::weights::{Embedding, Linear};

/// A matrix of a product and what multiplies by it.
pub struct TensorProfile {
    /// GGUF name.
    pub name: String,
    /// Name of the family of kernels.
    pub family: &'static str,
    /// Bytes as it is held.
    pub bytes: usize,
    /// The kernel for one token.
    pub gemv: &'static str,
    /// The kernel for several.
    pub gemm: &'static str,
}

impl Model {
    /// A record for each packed matrix, embedding and head first, then the linears layer by layer.
    pub fn profile(&self) -> Vec<TensorProfile> {
        let weights = self.weights();
        let tables = [(Part::Embedding, Some(&weights.embedding)), (Part::Output, weights.output.as_ref())];
        let whole = tables.into_iter().filter_map(|(part, table)| match table {
            Some(Embedding::Packed(matrix)) => Some(profile_of(0, part, matrix)),
            _ => None,
        });
        let layers = weights.layers.iter().enumerate().flat_map(|(l, layer)| {
            Part::LINEARS.into_iter().zip(layer.linears()).map(move |(part, w)| profile_of(l, part, w))
        });
        whole.chain(layers).collect()
    }
}

fn profile_of(layer: usize, part: Part, w: &Linear) -> TensorProfile {
    let (family, choice) = w.kernels();
    TensorProfile {
        name: Role::weight(layer, part).name(),
        family: family.name(),
        bytes: w.bytes(),
        gemv: choice.gemv().name(),
        gemm: choice.gemm().name(),
    }
}
