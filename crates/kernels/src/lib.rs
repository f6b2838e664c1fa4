//! Kernels for 1-bit and ternary language models.
//!
//! [`scalar`] is the specification; `wasm32` must match it bit for bit (see DESIGN.md beside this crate
//! and the shared case-runner `cases`). The variant is chosen at compile time, because a wasm module that holds one
//! relaxed opcode is rejected whole by engines without relaxed SIMD; which artifact runs is decided in JavaScript.
//!
//! Kernels do not fail: sizes are checked when a matrix view is built, and slice lengths are asserted at entry.
#![no_std]

#[cfg(any(test, feature = "cases"))]
extern crate std;

pub mod activation;
pub mod active;
pub mod attention;
pub mod dispatch;
pub mod family;
pub mod float;
pub mod format;
pub mod line;
pub mod math;
pub mod matrix;
pub mod probe;
pub mod quant;
pub mod scalar;
#[cfg(target_feature = "simd128")]
pub mod wasm32;

#[cfg(all(feature = "cases", target_arch = "wasm32"))]
mod bench;
#[cfg(any(test, feature = "cases"))]
pub mod cases;

/// Which artifact this is.
pub const VARIANT: &str = if cfg!(target_feature = "relaxed-simd") {
    "relaxed"
} else if cfg!(target_feature = "simd128") {
    "simd128"
} else {
    "scalar"
};
