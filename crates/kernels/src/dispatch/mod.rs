//! Which kernel multiplies what: the choice by measurement, and the one way from a matrix to its product.

pub mod choice;
pub(crate) mod kernels;
pub mod multiply;
