//! Kernels for 1-bit and ternary language models.
//!
//! [`scalar`] is the specification; `simd128` and `relaxed` must match it bit for bit (see DESIGN.md beside this crate
//! and the shared case-runner `cases`). The variant is chosen at compile time, because a wasm module that holds one
//! relaxed opcode is rejected whole by engines without relaxed SIMD; which artifact runs is decided in JavaScript.
//!
//! Kernels do not fail: sizes are checked when a matrix view is built, and slice lengths are asserted at entry.
#![no_std]

#[cfg(any(test, feature = "cases"))]
extern crate std;

pub mod attention;
pub mod blocks;
pub mod choice;
pub mod float;
pub mod line;
pub mod math;
pub mod matrix;
pub mod pack;
pub mod probe;
pub mod quant;
pub mod repack;
pub mod run;
pub mod scalar;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod gemm;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod lookup;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod popcount;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod quads;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub mod relaxed;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod simd128;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd_ops;

#[cfg(all(feature = "cases", target_arch = "wasm32", target_feature = "simd128"))]
pub mod bench;
#[cfg(all(feature = "cases", target_arch = "wasm32"))]
mod bench_ops;
#[cfg(any(test, feature = "cases"))]
pub mod cases;

/// Float and int8 vector operations, in the fastest form this build has.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use scalar as active;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128 as active;

/// Which artifact this is.
pub const VARIANT: &str = if cfg!(target_feature = "relaxed-simd") {
    "relaxed"
} else if cfg!(target_feature = "simd128") {
    "simd128"
} else {
    "scalar"
};
