//! The one case-runner: every kernel of this build, on edge sizes, extremes and seeded random input, against a naive
//! sum over unpacked values and against [`scalar`](crate::scalar). Runs in `cargo test` and, exported, inside any wasm engine.

mod all;
mod attention;
mod case;
mod matrix;
mod vector;

pub use all::all;
pub use case::{Case, Fill, Subject};
