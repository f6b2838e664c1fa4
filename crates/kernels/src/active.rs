//! Float and int8 vector operations, in the fastest form this build has.

#[cfg(not(target_feature = "simd128"))]
pub use crate::scalar::{abs_max, axpy_f32, dot_f32, dot_i8, round_row, round_row16, sign_bits};
#[cfg(target_feature = "simd128")]
pub use crate::wasm32::vector::{abs_max, axpy_f32, dot_f32, dot_i8, round_row, round_row16, sign_bits};
