//! Allocation that reports instead of trapping: a trap would cost the whole wasm instance.

use alloc::format;
use alloc::vec::Vec;

use crate::error::{Error, Kind};

/// A vector of `n` copies of `value`.
pub(crate) fn filled<T: Copy>(value: T, n: usize) -> Result<Vec<T>, Error> {
    let mut v = reserved(n)?;
    v.resize(n, value);
    Ok(v)
}

/// An empty vector with room for `n`, none of it touched yet.
pub(crate) fn reserved<T>(n: usize) -> Result<Vec<T>, Error> {
    let mut v = Vec::new();
    v.try_reserve_exact(n).map_err(|_| {
        let bytes = n.saturating_mul(size_of::<T>());
        Error::new(Kind::OutOfMemory, format!("no room for {bytes} bytes; choose a smaller model or context"))
    })?;
    Ok(v)
}

/// Bytes a vector holds.
pub(crate) fn bytes_of<T>(v: &Vec<T>) -> usize {
    v.capacity() * size_of::<T>()
}
