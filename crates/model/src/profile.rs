//! Which kernels serve a loaded model.

use alloc::format;
use alloc::string::String;

use crate::forward::Model;
use crate::loader::slot;
use crate::weights::{Linear, Rows, Weights};

impl Model {
    /// A line a matrix: `slot layer family rows k bytes gemv gemm`.
    pub fn profile(&self) -> String {
        let weights = self.weights();
        rows_lines(weights) + &layer_lines(weights)
    }
}

fn rows_lines(weights: &Weights) -> String {
    let rows = [(slot::EMBEDDING, Some(&weights.embedding)), (slot::OUTPUT, weights.output.as_ref())];
    rows.into_iter()
        .filter_map(|(slot, rows)| match rows {
            Some(Rows::Packed(matrix)) => Some(line(slot, 0, matrix)),
            _ => None,
        })
        .collect()
}

fn layer_lines(weights: &Weights) -> String {
    let layers = weights.layers.iter().enumerate();
    layers
        .flat_map(|(l, layer)| slot::LINEARS.into_iter().zip(layer.linears()).map(move |(s, w)| line(s, l, w)))
        .collect()
}

fn line(slot: u32, layer: usize, w: &Linear) -> String {
    let (family, choice) = w.kernels();
    let (rows, k, bytes) = (w.rows(), w.k(), w.bytes());
    let (family, gemv, gemm) = (family.name(), choice.gemv().name(), choice.gemm().name());
    format!("{slot} {layer} {family} {rows} {k} {bytes} {gemv} {gemm}\n")
}
