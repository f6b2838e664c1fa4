//! Attention and the float operations as plain exports, to be timed in a wasm engine. Built with the case-runner, never
//! shipped; `tools/kernels/vector-ops.ts` calls them.

use core::hint::black_box;
use std::vec;
use std::vec::Vec;

use crate::attention::layout::{self, Depth, Side, BLOCK};
use crate::attention::quant::quantize_row;
use crate::attention::{attend, attend_f32, Active, CachedHead, Query, Scratch};
use crate::{active, float, math, quant};

/// Values between −3 and 3.
fn values(n: usize, seed: u32) -> Vec<f32> {
    let unit = |i: u32| (i.wrapping_add(seed).wrapping_mul(0x9e37_79b1) >> 8) as f32 / (1 << 24) as f32;
    (0..n as u32).map(|i| (unit(i) - 0.5) * 6.0).collect()
}

/// Attends `times` over with `heads` query heads of `d` over `len` positions of a cache of `bits` 32, 8 or 4.
#[no_mangle]
extern "C" fn bench_attention(heads: usize, d: usize, len: usize, bits: u32, times: u32) -> f32 {
    let (q, k, v) = (values(heads * d, 1), values(len * d, 2), values(len * d, 3));
    let mut scores = vec![0.0; heads * layout::positions(len)];
    let (mut q16, mut queries) = (vec![0; heads * layout::width(d)], vec![Query::default(); heads]);
    let mut s = Scratch { scores: &mut scores, q16: &mut q16, queries: &mut queries };
    let mut out = vec![0.0; heads * d];
    if bits == 32 {
        (0..times).for_each(|_| attend_f32::<Active>(black_box(&q), &k, &v, 0.1, &mut s, &mut out));
        return out[0];
    }
    let depth = if bits == 8 { Depth::Eight } else { Depth::Four };
    let ((k, k_scales), (v, v_scales)) = (packed(Side::Keys, depth, &k, d), packed(Side::Values, depth, &v, d));
    let cached = (CachedHead::new(depth, d, &k, &k_scales), CachedHead::new(depth, d, &v, &v_scales));
    if let (Some(k), Some(v)) = cached {
        (0..times).for_each(|_| attend::<Active>(black_box(&q), (k, v), len, 0.1, &mut s, &mut out));
    }
    out[0]
}

fn packed(side: Side, depth: Depth, x: &[f32], d: usize) -> (Vec<u8>, Vec<f32>) {
    let positions = layout::positions(x.len() / d);
    let mut bytes = vec![0; positions / BLOCK * depth.block_bytes(layout::width(d))];
    let mut codes = vec![0; d];
    let mut scales: Vec<f32> = (x.chunks_exact(d).enumerate())
        .map(|(t, x)| {
            let scale = quantize_row(depth, x, &mut codes);
            layout::put(side, depth, &mut bytes, t, &codes);
            scale
        })
        .collect();
    scales.resize(positions, 0.0);
    (bytes, scales)
}

/// Runs float operation `which` on `n` values `times` over: 0 int8 and 1 int16 quantiser, 2 lane sum of squares, 3 sign
/// bits, 4 exp, 5 SiLU gate.
#[no_mangle]
extern "C" fn bench_op(which: u32, n: usize, times: u32) -> f32 {
    let (x, t, mut y) = (values(n, 4), values(n, 5), vec![0f32; n]);
    let (mut q8, mut q16, mut bits) = (vec![0i8; n], vec![0i16; n], vec![0u8; n / 8]);
    let mut sum = 0.0;
    for _ in 0..times {
        let x = black_box(&x);
        sum += match which {
            0 => quant::quantize(x, &mut q8).0,
            1 => quant::quantize16(x, &mut q16).0,
            2 => active::dot_f32(x, x),
            3 => quant::binarize(x, &t, &mut bits),
            4 => y.iter_mut().zip(x).fold(0.0, |_, (y, x)| {
                *y = math::exp(*x);
                0.0
            }),
            _ => {
                y.copy_from_slice(x);
                float::silu_gate(&mut y, x);
                0.0
            }
        };
        black_box((&q8, &q16, &bits, &y));
    }
    sum
}
