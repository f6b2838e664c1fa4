//! Allocation that reports instead of trapping: a trap would cost the whole wasm instance.

use alloc::format;
use alloc::vec::Vec;

use crate::error::{Error, Kind};

/// What stays free behind every buffer, bytes: names, records and error texts come out of it, and of what is that small
/// nothing asks first.
const SPARE: usize = 1 << 16;

/// A vector of `n` copies of `value`. Errors: `out-of-memory`.
pub fn filled<T: Copy>(value: T, n: usize) -> Result<Vec<T>, Error> {
    let mut v = reserved(n)?;
    v.resize(n, value);
    Ok(v)
}

/// A vector with a copy of `values`. Errors: `out-of-memory`.
pub fn copied<T: Copy>(values: &[T]) -> Result<Vec<T>, Error> {
    let mut v = reserved(values.len())?;
    v.extend_from_slice(values);
    Ok(v)
}

/// An empty vector with room for `n`, none of it touched yet.
pub(crate) fn reserved<T>(n: usize) -> Result<Vec<T>, Error> {
    let mut v = Vec::new();
    reserve(&mut v, n)?;
    Ok(v)
}

/// Makes room for `n` in an empty vector, or for `n` more, and sees that [`SPARE`] is left.
pub(crate) fn reserve<T>(v: &mut Vec<T>, n: usize) -> Result<(), Error> {
    let grown = if v.is_empty() { v.try_reserve_exact(n) } else { v.try_reserve(n) };
    let mut spare = Vec::<u8>::new();
    let left = grown.and_then(|()| spare.try_reserve_exact(SPARE));
    // Without the black box the compiler leaves out what is allocated and freed.
    drop(core::hint::black_box(spare));
    left.map_err(|_| {
        // Whose room it was; the text that says so comes out of it.
        if v.is_empty() {
            *v = Vec::new();
        }
        let bytes = n.saturating_mul(size_of::<T>());
        Error::new(Kind::OutOfMemory, format!("no room for {bytes} bytes; choose a smaller model or context"))
    })
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
