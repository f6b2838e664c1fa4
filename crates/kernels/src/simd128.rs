//! wasm SIMD128 variants. Integer sums are exact in any order; float sums keep the scalar lane order.
// Indices, not iterators, where arrays of vectors must dissolve into registers.
#![allow(clippy::needless_range_loop)]

use core::arch::wasm32::*;

use crate::math::{reduce, LANES};
use crate::matrix::{Activation, Grouped, GroupedActivation, Int8Rows, Ternary};
use crate::pack::{Form, Layout, LANE_ROWS, STEP_BYTES, TERNARY_STEP};
use crate::quads::CodeSums;
use crate::scalar;

pub use crate::simd_ops::{abs_max, round_row, round_row16, sign_bits};
pub(crate) use crate::simd_ops::{lanes, load, store};

/// Vectors of a ternary step.
pub(crate) const STEP_VECTORS: usize = STEP_BYTES / 16;

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

/// Sums of a block of 32 rows: vector `v` holds rows `4v..4v + 4`.
pub(crate) type Sums = [v128; STEP_VECTORS];

/// Runs `block` (Σ w·q) over the 32-row blocks of `w` and scales its sums.
#[inline(always)]
pub(crate) fn ternary_rows(w: &Ternary, layout: Layout, x: Activation, y: &mut [f32], block: impl Fn(&[u8]) -> Sums) {
    assert!(w.form.layout == layout && x.q.len() == w.k && y.len() == w.rows);
    let factor = f32x4_splat(w.scale * x.scale);
    let block_bytes = w.k / TERNARY_STEP * STEP_BYTES;
    for (codes, y) in w.codes.chunks_exact(block_bytes).zip(y.chunks_mut(LANE_ROWS)) {
        let sums = block(codes);
        put_rows(y, core::array::from_fn(|v| f32x4_mul(f32x4_convert_i32x4(sums[v]), factor)));
    }
}

/// Stores the first `y.len()` of 32 floats.
#[inline(always)]
pub(crate) fn put_rows(y: &mut [f32], rows: Sums) {
    if y.len() == LANE_ROWS {
        (0..STEP_VECTORS).for_each(|v| store(y, 4 * v, rows[v]));
        return;
    }
    let mut out = [0f32; LANE_ROWS];
    (0..STEP_VECTORS).for_each(|v| store(&mut out, 4 * v, rows[v]));
    y.copy_from_slice(&out[..y.len()]);
}

/// Runs `block` (Σ w·q) over the groups of the 32-row blocks of `w`, given their codes and number, adding scaled sums group by
/// group as scalar does.
#[inline(always)]
pub(crate) fn group_rows(
    w: &Grouped,
    layout: Layout,
    x: GroupedActivation,
    y: &mut [f32],
    block: impl Fn(&[u8], usize) -> Sums,
) {
    w.check(Form::new(layout, w.form.bits), x, y);
    let groups = w.k / w.group;
    let group_bytes = w.group * LANE_ROWS / w.form.bits.planes();
    let blocks = w.codes.chunks_exact(groups * group_bytes).zip(w.scales.chunks_exact(groups * LANE_ROWS));
    for ((codes, scales), y) in blocks.zip(y.chunks_mut(LANE_ROWS)) {
        let mut total = [f32x4_splat(0.0); STEP_VECTORS];
        for g in 0..groups {
            let sums = block(&codes[g * group_bytes..][..group_bytes], g);
            let factor = f32x4_splat(x.scales[g]);
            for v in 0..STEP_VECTORS {
                let scale = f32x4_mul(load_halves(scales, g * LANE_ROWS + 4 * v), factor);
                total[v] = f32x4_add(total[v], f32x4_mul(f32x4_convert_i32x4(sums[v]), scale));
            }
        }
        put_rows(y, total);
    }
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

/// The low code of every byte.
#[inline(always)]
pub(crate) fn code_mask<const PLANES: usize>() -> v128 {
    match PLANES {
        8 => splat::<1>(),
        4 => splat::<3>(),
        _ => splat::<15>(),
    }
}

/// Even and odd bytes as i16 lanes into `i32x4.dot_i16x8`.
pub struct Widening;

impl CodeSums for Widening {
    #[inline(always)]
    fn sums<const PLANES: usize>(codes: &[u8], q: &[i8]) -> Sums {
        let bits = 8 / PLANES as u32;
        let mask = v128_and(code_mask::<PLANES>(), u16x8_splat(0x00ff));
        let mut acc = [i32x4_splat(0); STEP_VECTORS];
        for (step, q) in codes.chunks_exact(STEP_BYTES).zip(q.chunks_exact(4 * PLANES)) {
            let quads: [v128; PLANES] = core::array::from_fn(|p| load_quad(q, 4 * p));
            let even = quads.map(|x| i16x8_shr(i16x8_shl(x, 8), 8));
            let odd = quads.map(|x| i16x8_shr(x, 8));
            for (v, acc) in acc.iter_mut().enumerate() {
                let w = load(step, 16 * v);
                for p in 0..PLANES {
                    let low = v128_and(u16x8_shr(w, bits * p as u32), mask);
                    let high = v128_and(u16x8_shr(w, 8 + bits * p as u32), mask);
                    let pair = i32x4_add(i32x4_dot_i16x8(low, even[p]), i32x4_dot_i16x8(high, odd[p]));
                    *acc = i32x4_add(*acc, pair);
                }
            }
        }
        acc
    }
}

/// Rows of an int8 matrix that share one load of the activations.
const HEAD_ROWS: usize = 4;

/// [`scalar::gemv_i8a8`]: bytes widened to i16, `i32x4.dot_i16x8`, four rows at once.
#[inline(never)]
pub fn gemv_i8a8(w: &Int8Rows, x: Activation, y: &mut [f32]) {
    int8_rows(w, x, y, |row, q| {
        let mut acc = [i32x4_splat(0); HEAD_ROWS];
        for at in (0..q.len()).step_by(16) {
            let x = load(q, at);
            for r in 0..HEAD_ROWS {
                acc[r] = i32x4_add(acc[r], dot_i8x16(load(row[r], at), x));
            }
        }
        acc
    });
}

/// Runs `block` over four rows of `w` at a time and scales its sums. The rows are a quarter of the matrix apart: four streams
/// read memory faster than one.
#[inline(always)]
pub(crate) fn int8_rows(
    w: &Int8Rows,
    x: Activation,
    y: &mut [f32],
    block: impl Fn([&[i8]; HEAD_ROWS], &[i8]) -> [v128; HEAD_ROWS],
) {
    let rows = w.scales.len();
    assert!(x.q.len() == w.k && y.len() == rows);
    let quarter = rows.div_ceil(HEAD_ROWS);
    for i in 0..quarter {
        // The last quarter may be shorter: it repeats its last row and drops the surplus sums.
        let row: [&[i8]; HEAD_ROWS] =
            core::array::from_fn(|r| &w.values[(i + r * quarter).min(rows - 1) * w.k..][..w.k]);
        let sums = block(row, x.q);
        for r in 0..HEAD_ROWS {
            if let Some(y) = y.get_mut(i + r * quarter) {
                let sum: i32 = lanes(sums[r]).iter().sum();
                *y = sum as f32 * (w.scales[i + r * quarter] * x.scale);
            }
        }
    }
}

/// Four partial sums of 16 int8 products, exact.
#[inline(always)]
fn dot_i8x16(a: v128, b: v128) -> v128 {
    let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_i8x16(b));
    let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_i8x16(b));
    i32x4_add(low, high)
}

/// Four integers as floats.
#[inline(always)]
pub(crate) fn floats(v: v128) -> [f32; 4] {
    lanes(v).map(|lane| lane as f32)
}

/// [`scalar::dot_f32`]: partials 4j..4j+4 of the lane sum live in accumulator j.
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let whole = a.len() / LANES * LANES;
    let mut acc = [f32x4_splat(0.0); LANES / 4];
    for at in (0..whole).step_by(LANES) {
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = f32x4_add(*acc, f32x4_mul(load(a, at + 4 * j), load(b, at + 4 * j)));
        }
    }
    let mut partial = [0f32; LANES];
    for (j, acc) in acc.into_iter().enumerate() {
        store(&mut partial, 4 * j, acc);
    }
    for i in whole..a.len() {
        partial[i % LANES] += a[i] * b[i];
    }
    reduce(&partial)
}

/// [`scalar::dot_i8`]
pub fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    assert_eq!(a.len(), b.len());
    let whole = a.len() / 16 * 16;
    let mut acc = i32x4_splat(0);
    for at in (0..whole).step_by(16) {
        acc = i32x4_add(acc, dot_i8x16(load(a, at), load(b, at)));
    }
    lanes(acc).iter().sum::<i32>() + scalar::dot_i8(&a[whole..], &b[whole..])
}

/// [`scalar::axpy_f32`]
pub fn axpy_f32(out: &mut [f32], p: f32, v: &[f32]) {
    assert_eq!(out.len(), v.len());
    let whole = out.len() / 4 * 4;
    let factor = f32x4_splat(p);
    for at in (0..whole).step_by(4) {
        let sum = f32x4_add(load(out, at), f32x4_mul(factor, load(v, at)));
        store(out, at, sum);
    }
    scalar::axpy_f32(&mut out[whole..], p, &v[whole..]);
}
