//! Loads and stores, which hold the `unsafe` of the SIMD kernels, and lanes as arrays.

use core::arch::wasm32::*;

/// The 16 bytes at `from[at..]`.
#[inline(always)]
pub(crate) fn load<T: Copy>(from: &[T], at: usize) -> v128 {
    debug_assert!((from.len() - at) * size_of::<T>() >= 16);
    // SAFETY: callers pass an index at least 16 bytes before the end (asserted in debug builds): their slices are whole
    // vectors by construction or by `chunks_exact`. v128_load takes any alignment.
    unsafe { v128_load(from.as_ptr().add(at).cast()) }
}

/// Stores a vector at `to[at..]`.
#[inline(always)]
pub(crate) fn store<T: Copy>(to: &mut [T], at: usize, v: v128) {
    debug_assert!((to.len() - at) * size_of::<T>() >= 16);
    // SAFETY: as in `load`; every bit pattern is a value of the integers and floats this is called with.
    unsafe { v128_store(to.as_mut_ptr().add(at).cast(), v) }
}

/// Sixteen bytes at a multiple of 16, read through a pointer only.
#[repr(align(16))]
struct Vector(#[allow(dead_code)] [u8; 16]);

/// A vector of one repeated byte that the compiler takes for unknown.
///
/// V8 makes a constant vector anew at every use (three instructions on x86, seen in its machine code: 12 of the 24 of a
/// ternary vector); a loaded one stays in a register.
#[inline(always)]
pub(crate) fn splat<const BYTE: u8>() -> v128 {
    const { assert!(align_of::<Vector>() == align_of::<v128>() && size_of::<Vector>() == size_of::<v128>()) };
    // SAFETY: the constant is sixteen initialised bytes with the alignment of v128, which has no invalid patterns.
    unsafe { core::ptr::read_volatile((&raw const *const { &Vector([BYTE; 16]) }).cast()) }
}

/// The four bytes at `from[at..]` in every 32-bit lane.
#[inline(always)]
pub(crate) fn load_quad(from: &[i8], at: usize) -> v128 {
    debug_assert!(from.len() - at >= 4);
    // SAFETY: callers pass an index at least 4 bytes before the end; v128_load32_splat takes any alignment.
    unsafe { v128_load32_splat(from.as_ptr().add(at).cast()) }
}

/// The byte at `from[at]`.
#[inline(always)]
pub(crate) fn byte_at(from: &[u8], at: usize) -> u8 {
    debug_assert!(at < from.len());
    // SAFETY: callers pass an index inside the slice, whose length the entry point has checked against the matrix.
    unsafe { *from.get_unchecked(at) }
}

/// The two i16 at `from[at..]` in every 32-bit lane.
#[inline(always)]
pub(crate) fn load_quad16(from: &[i16], at: usize) -> v128 {
    debug_assert!(from.len() - at >= 2);
    // SAFETY: callers pass an index at least two values before the end; v128_load32_splat takes any alignment.
    unsafe { v128_load32_splat(from.as_ptr().add(at).cast()) }
}

/// Four finite halves at `from[at..]` as floats: magnitude bits moved into place, then 2¹¹² for the exponents' bias.
#[inline(always)]
pub(crate) fn load_halves(from: &[u16], at: usize) -> v128 {
    debug_assert!(from.len() - at >= 4);
    // SAFETY: callers pass an index at least four halves before the end; the load takes any alignment.
    let halves = unsafe { u32x4_load_extend_u16x4(from.as_ptr().add(at).cast()) };
    let magnitude = i32x4_shl(v128_and(halves, i32x4_splat(0x7fff)), 13);
    let sign = i32x4_shl(v128_and(halves, i32x4_splat(0x8000)), 16);
    v128_or(f32x4_mul(magnitude, f32x4_splat(f32::from_bits(0x7780_0000))), sign)
}

/// The four lanes.
#[inline(always)]
pub(crate) fn lanes(v: v128) -> [i32; 4] {
    [i32x4_extract_lane::<0>(v), i32x4_extract_lane::<1>(v), i32x4_extract_lane::<2>(v), i32x4_extract_lane::<3>(v)]
}

/// Four integers as floats.
#[inline(always)]
pub(crate) fn floats(v: v128) -> [f32; 4] {
    lanes(v).map(|lane| lane as f32)
}
