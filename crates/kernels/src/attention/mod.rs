//! Attention of all query heads of one KV head over its cache (DESIGN.md, Attention).

mod attend;
mod kernels;
pub mod layout;
pub mod quant;
pub mod scalar;
#[cfg(target_feature = "simd128")]
pub mod simd128;

pub use attend::{attend, attend_f32, Scratch};
pub use kernels::{CachedHead, Kernels, Query};
/// The attention kernels this build uses.
#[cfg(not(target_feature = "simd128"))]
pub use scalar::Scalar as Active;
#[cfg(target_feature = "simd128")]
pub use simd128::Simd128 as Active;
