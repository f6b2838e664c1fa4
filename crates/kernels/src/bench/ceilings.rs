//! The two ceilings a kernel is measured against, in the same engine: dot products from registers and a stream of loads.
//! Built with the case-runner, never shipped.

use core::arch::wasm32::*;
use std::vec;
use std::vec::Vec;

use crate::wasm32::memory::{lanes, load};

/// Accumulators that hide the latency of a dot product and leave V8's 15 registers room.
#[cfg(target_feature = "relaxed-simd")]
const CHAINS: usize = 12;
/// Dots of one call of `bench_peak`, about.
#[cfg(target_feature = "relaxed-simd")]
const DOTS: u32 = 1 << 14;
/// Interleaved places a stream reads from.
const WAYS: usize = 8;
/// Bytes read at each place before the next: half a page.
const RUN: usize = 2048;

/// Runs [`bench_peak_dots`] relaxed dot products of 16 multiply-adds `times` over, from registers.
#[cfg(target_feature = "relaxed-simd")]
#[no_mangle]
extern "C" fn bench_peak(times: u32) -> i32 {
    let (x, w) = (u8x16_splat(core::hint::black_box(3)), u8x16_splat(core::hint::black_box(1)));
    let mut acc = [i32x4_splat(0); CHAINS];
    for _ in 0..times * (DOTS / CHAINS as u32) {
        for acc in &mut acc {
            *acc = i32x4_relaxed_dot_i8x16_i7x16_add(x, w, *acc);
        }
    }
    sum_of(&acc)
}

/// Dots of one run of `bench_peak`.
#[cfg(target_feature = "relaxed-simd")]
#[no_mangle]
extern "C" fn bench_peak_dots() -> u32 {
    DOTS / CHAINS as u32 * CHAINS as u32
}

/// A value that depends on every accumulator.
fn sum_of(acc: &[v128]) -> i32 {
    acc.iter().map(|acc| lanes(*acc)[0]).fold(0, i32::wrapping_add)
}

/// A buffer of `bytes` (rounded up to whole runs of all ways) for [`bench_stream`], never freed.
#[no_mangle]
extern "C" fn bench_buffer(bytes: usize) -> *mut Vec<u8> {
    let bytes = bytes.next_multiple_of(WAYS * RUN);
    std::boxed::Box::into_raw(std::boxed::Box::new(vec![1u8; bytes]))
}

/// Reads the `part`-th of `parts` equal parts of the buffer once, eight interleaved streams of 2 kB runs; returns a sum.
///
/// # Safety
/// `buffer` came from [`bench_buffer`], `part < parts`.
#[no_mangle]
unsafe extern "C" fn bench_stream(buffer: *const Vec<u8>, part: usize, parts: usize) -> i32 {
    // SAFETY: the caller passes a pointer that bench_buffer made and nothing frees.
    let bytes: &[u8] = unsafe { &*buffer };
    let runs = bytes.len() / (WAYS * RUN) / parts;
    let way = bytes.len() / WAYS;
    let mut acc = [i32x4_splat(0); 4];
    for run in part * runs..(part + 1) * runs {
        for w in 0..WAYS {
            let run = &bytes[w * way + run * RUN..][..RUN];
            for at in (0..RUN).step_by(64) {
                for (i, acc) in acc.iter_mut().enumerate() {
                    *acc = v128_xor(*acc, load(run, at + 16 * i));
                }
            }
        }
    }
    sum_of(&acc)
}
