//! Tensors as files hold them, as kernels read them, and the way from one to the other.

pub mod ggml;
pub mod layout;
pub mod repack;
