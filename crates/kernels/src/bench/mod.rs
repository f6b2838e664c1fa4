//! What is timed in a wasm engine beside the kernels of matrices. Built with the case-runner, never shipped.

#[cfg(target_feature = "simd128")]
mod ceilings;
mod vector_ops;
