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

/// Where a constructor's buffers come from: the allocator, or, to learn what they would take, nowhere. So the code that
/// allocates is the formula of what it allocates.
pub(crate) struct Room {
    allocates: bool,
    /// more than wasm32's `usize` counts, where buffers are only counted
    bytes: u64,
}

impl Room {
    /// Buffers are allocated.
    pub(crate) fn allocated() -> Self {
        Room { allocates: true, bytes: 0 }
    }

    /// Buffers are counted and stay empty.
    pub(crate) fn counted() -> Self {
        Room { allocates: false, bytes: 0 }
    }

    /// [`filled`], or an empty vector where buffers are counted.
    pub(crate) fn filled<T: Copy>(&mut self, value: T, n: usize) -> Result<Vec<T>, Error> {
        self.bytes += n as u64 * size_of::<T>() as u64;
        if self.allocates {
            filled(value, n)
        } else {
            Ok(Vec::new())
        }
    }

    /// Bytes of all buffers so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
