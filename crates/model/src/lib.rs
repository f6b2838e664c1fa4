//! The BitNet forward pass, portable and exact: same file, prompt and settings, same bits on every engine.
//!
//! [`Config`] is the blueprint, checked once; [`Loader`] turns streamed tensor bytes into packed weights;
//! [`Model`] owns weights, cache and scratch and answers `forward`, `logits` and `sample`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod config;
mod error;
mod fields;
mod forward;
mod kv_cache;
mod loader;
mod memory;
mod ops;
mod plan;
mod profile;
mod role;
mod rope;
mod sampler;
mod saved;
mod staged;
mod state;
mod trial;
mod weights;

pub use config::Config;
pub use error::{Error, Kind};
pub use fields::Fields;
pub use forward::Model;
pub use loader::Loader;
pub use memory::{copied, filled};
pub use plan::MemoryPlan;
pub use profile::TensorProfile;
pub use sampler::SamplerOptions;
pub use trial::{kernel_names, Trial};

pub use pocketbit_kernels::probe::probe;
pub use pocketbit_kernels::VARIANT;
