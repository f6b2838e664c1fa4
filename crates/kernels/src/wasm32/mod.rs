//! The kernels in wasm SIMD. Each must give the bits of [`crate::scalar`].

mod derive;
pub mod dot;
pub mod gemm;
pub(crate) mod lanes;
pub mod lookup;
pub(crate) mod memory;
pub mod popcount;
#[cfg(target_feature = "relaxed-simd")]
pub mod relaxed;
pub mod vector;
