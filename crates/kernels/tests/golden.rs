//! Golden tensors of ggml: 4096 values `0.1 + 2·cos(i)` quantised as ggml-quants.c does, by CRC32, and their sums when
//! read back. The quantisers stand here because only this test writes these types.

use pocketbit_kernels::format::ggml::{Read, Type, TYPES};
use pocketbit_kernels::format::layout::{code_at, Bits, Form, Layout, MAX_CODE_BYTES};
use pocketbit_kernels::math::f16_to_f32;

const N: usize = 4096;

fn input() -> Vec<f32> {
    (0..N).map(|i| 0.1f32 + 2.0 * (i as f32 as f64).cos() as f32).collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| (c >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(c & 1)))
    })
}

/// f32 to IEEE half, ties to even, for the normal range.
fn half(x: f32) -> u16 {
    let bits = x.to_bits();
    let magnitude = (bits & 0x7fff_ffff) as i32 - 0x3800_0000;
    let rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    (bits >> 16 & 0x8000) as u16 | (rounded >> 13) as u16
}

fn abs_max(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |m, v| v.abs().max(m))
}

/// Half to even, as ggml's nearest_int.
fn nearest(x: f32) -> i32 {
    x.round_ties_even() as i32
}

fn q1_0(x: &[f32]) -> Vec<u8> {
    let d = x.iter().map(|v| v.abs()).sum::<f32>() / x.len() as f32;
    let byte = |x: &[f32]| x.iter().enumerate().fold(0, |b, (j, v)| b | u8::from(*v >= 0.0) << j);
    half(d).to_le_bytes().into_iter().chain(x.chunks(8).map(byte)).collect()
}

fn q2_0(x: &[f32]) -> Vec<u8> {
    let d = abs_max(x);
    let code = |v: f32| ((v / d).round() as i32 + 1).clamp(0, 3) as u8;
    let byte = |x: &[f32]| x.iter().enumerate().fold(0, |b, (j, v)| b | code(*v) << (2 * j));
    half(d).to_le_bytes().into_iter().chain(x.chunks(4).map(byte)).collect()
}

fn trit(x: f32, inverse: f32) -> u8 {
    ((x * inverse).round() as i32 + 1) as u8
}

fn tq2_0(x: &[f32]) -> Vec<u8> {
    let d = abs_max(x);
    let byte = |i: usize| (0..4).fold(0, |b, l| b | trit(x[i / 32 * 128 + 32 * l + i % 32], 1.0 / d) << (2 * l));
    (0..64).map(byte).chain(half(d).to_le_bytes()).collect()
}

fn tq1_0(x: &[f32]) -> Vec<u8> {
    let d = abs_max(x);
    let pack = |first: usize, stride: usize, digits: usize| {
        let digit = |n: usize| if n < digits { u32::from(trit(x[first + n * stride], 1.0 / d)) } else { 0 };
        ((0..5).fold(0, |v, n| v * 3 + digit(n)) * 256).div_ceil(243) as u8
    };
    let qs = (0..32).map(|m| pack(m, 32, 5)).chain((0..16).map(|m| pack(160 + m, 16, 5)));
    qs.chain((0..4).map(|m| pack(240 + m, 4, 4))).chain(half(d).to_le_bytes()).collect()
}

fn q8_0(x: &[f32]) -> Vec<u8> {
    let d = abs_max(x) / 127.0;
    let quants = x.iter().map(|v| (v * (1.0 / d)).round() as i8 as u8);
    half(d).to_le_bytes().into_iter().chain(quants).collect()
}

/// ggml's make_qx_quants with nmax 32 and weights x²: the scale of 16 values.
fn q6_scale(x: &[f32]) -> f32 {
    let max = x.iter().fold(0f32, |m, v| if v.abs() > m.abs() { *v } else { m });
    let sums = |inverse: f32| {
        x.iter().fold((0f32, 0f32), |(xl, l2), v| {
            let l = nearest(inverse * v).clamp(-32, 31) as f32;
            (xl + v * v * v * l, l2 + v * v * l * l)
        })
    };
    let (xl, l2) = sums(-32.0 / max);
    let (mut scale, mut best) = (xl / l2, xl / l2 * xl);
    for step in (-9..=9).filter(|s| *s != 0) {
        let (xl, l2) = sums(-(32.0 + 0.1f32 * step as f32) / max);
        if l2 > 0.0 && xl * xl > best * l2 {
            (scale, best) = (xl / l2, xl / l2 * xl);
        }
    }
    scale
}

fn q6_k(x: &[f32]) -> Vec<u8> {
    let wanted: Vec<f32> = x.chunks(16).map(q6_scale).collect();
    let max = wanted.iter().fold(0f32, |m, s| if s.abs() > m.abs() { *s } else { m });
    let inverse = -128.0 / max;
    let d = half(1.0 / inverse);
    let scales: Vec<i8> = wanted.iter().map(|s| nearest(inverse * s).min(127) as i8).collect();
    let quant = |i: usize| (nearest(x[i] / (f16_to_f32(d) * f32::from(scales[i / 16]))).clamp(-32, 31) + 32) as u8;
    let at = |part: usize, quarter: usize, l: usize| quant(128 * part + 32 * quarter + l);
    let (mut low, mut high) = (vec![], vec![]);
    for part in 0..2 {
        low.extend((0..32).map(|l| at(part, 0, l) & 15 | (at(part, 2, l) & 15) << 4));
        low.extend((0..32).map(|l| at(part, 1, l) & 15 | (at(part, 3, l) & 15) << 4));
        high.extend((0..32).map(|l| (0..4).fold(0, |b, quarter| b | at(part, quarter, l) >> 4 << (2 * quarter))));
    }
    low.into_iter().chain(high).chain(scales.iter().map(|s| *s as u8)).chain(d.to_le_bytes()).collect()
}

/// ggml's make_qkx2_quants for 32 values in 0..=15: scale and minimum.
fn q4_scale(x: &[f32]) -> (f32, f32) {
    let mean = (x.iter().map(|v| v * v).sum::<f32>() / 32.0).sqrt();
    let weights: Vec<f32> = x.iter().map(|v| mean + v.abs()).collect();
    let low = x.iter().copied().fold(x[0], f32::min).min(0.0);
    let high = x.iter().copied().fold(x[0], f32::max);
    let (sum_w, sum_x) =
        x.iter().zip(&weights).skip(1).fold((weights[0], weights[0] * x[0]), |(w, s), (x, v)| (w + v, s + v * x));
    let quants =
        |inverse: f32, min: f32| x.iter().map(|v| nearest(inverse * (v - min)).clamp(0, 15) as f32).collect::<Vec<_>>();
    let error = |l: &[f32], scale: f32, min: f32| {
        l.iter().zip(x).zip(&weights).fold(0f32, |e, ((l, x), w)| {
            let diff = scale * l + min - x;
            e + w * (diff * diff)
        })
    };
    let (mut scale, mut min) = (1.0 / (15.0 / (high - low)), low);
    let mut best = error(&quants(15.0 / (high - low), low), scale, min);
    for step in 0..=20 {
        // The range starts at the best minimum so far.
        let l = quants((-1.0 + 0.1f32 * step as f32 + 15.0) / (high - min), min);
        let (mut sum_l, mut sum_l2, mut sum_xl) = (0f32, 0f32, 0f32);
        for ((l, x), w) in l.iter().zip(x).zip(&weights) {
            sum_l += w * l;
            sum_l2 += w * l * l;
            sum_xl += w * l * x;
        }
        let determinant = sum_w * sum_l2 - sum_l * sum_l;
        if determinant <= 0.0 {
            continue;
        }
        let mut this =
            ((sum_w * sum_xl - sum_x * sum_l) / determinant, (sum_l2 * sum_x - sum_l * sum_xl) / determinant);
        if this.1 > 0.0 {
            this = (sum_xl / sum_l2, 0.0);
        }
        let now = error(&l, this.0, this.1);
        if now < best {
            (best, scale, min) = (now, this.0, this.1);
        }
    }
    (scale, -min)
}

fn q4_k(x: &[f32]) -> Vec<u8> {
    let parts: Vec<(f32, f32)> = x.chunks(32).map(q4_scale).collect();
    let (max_scale, max_min) = parts.iter().fold((0f32, 0f32), |(s, m), p| (s.max(p.0), m.max(p.1)));
    let six = |v: f32, max: f32| if max > 0.0 { nearest(63.0 / max * v).min(63) as u8 } else { 0 };
    let sixes: Vec<(u8, u8)> = parts.iter().map(|p| (six(p.0, max_scale), six(p.1, max_min))).collect();
    let mut packed = [0u8; 12];
    for (j, (scale, min)) in sixes.iter().enumerate() {
        if j < 4 {
            (packed[j], packed[j + 4]) = (*scale, *min);
        } else {
            packed[j + 4] = scale & 15 | (min & 15) << 4;
            packed[j - 4] |= scale >> 4 << 6;
            packed[j] |= min >> 4 << 6;
        }
    }
    let (d, dmin) = (half(max_scale / 63.0), half(max_min / 63.0));
    let quant = |i: usize| {
        let (scale, min) = sixes[i / 32];
        let (step, base) = (f16_to_f32(d) * f32::from(scale), f16_to_f32(dmin) * f32::from(min));
        nearest((x[i] + base) / step).clamp(0, 15) as u8
    };
    let quants = (0..128).map(|i| quant(i / 32 * 64 + i % 32) | quant(i / 32 * 64 + 32 + i % 32) << 4);
    d.to_le_bytes().into_iter().chain(dmin.to_le_bytes()).chain(packed).chain(quants).collect()
}

/// Values of a file of codes, in floats.
fn values(kind: &Type, file: &[u8]) -> Vec<f32> {
    let (bytes, n) = kind.block();
    let mut out = vec![0f32; file.len() / bytes * n];
    let packed = match kind.read {
        Read::Packed(block) => block,
        Read::Floats(block) => {
            block.dequantize(file, &mut out);
            return out;
        }
    };
    let one = packed.bits() == Bits::One;
    for (block, out) in file.chunks(bytes).zip(out.chunks_mut(n)) {
        let mut codes = [0u8; MAX_CODE_BYTES];
        let d = f16_to_f32(packed.codes(block, &mut codes));
        for (i, o) in out.iter_mut().enumerate() {
            let code = code_at(Form::new(Layout::RowMajor, packed.bits()), &codes, 0, 0, i);
            *o = d * if one { 2 * i32::from(code) - 1 } else { i32::from(code) - 1 } as f32;
        }
    }
    out
}

#[test]
fn cosine_tensors_have_the_golden_crcs_and_sums() {
    type Quantize = fn(&[f32]) -> Vec<u8>;
    let cases: [(&str, Quantize, u32, Option<f64>); 7] = [
        ("Q1_0", q1_0, 0x2fe0_72ba, Some(173.455_078)),
        ("Q2_0", q2_0, 0x96ac_afc6, Some(314.867_188)),
        ("TQ1_0", tq1_0, 0x0561_ea80, Some(314.941_406)),
        ("TQ2_0", tq2_0, 0xae76_fef7, None),
        ("Q8_0", q8_0, 0x6f11_f45f, Some(409.306_839)),
        ("Q6_K", q6_k, 0xcff0_b88f, Some(407.322_438)),
        ("Q4_K", q4_k, 0x3f61_3724, Some(406.803_333)),
    ];
    let mut wrong = vec![];
    for (name, quantize, crc, sum) in cases {
        let kind = TYPES.iter().find(|kind| kind.name == name).unwrap();
        let file: Vec<u8> = input().chunks(kind.block().1).flat_map(quantize).collect();
        let found: f64 = values(kind, &file).iter().map(|v| f64::from(*v)).sum();
        println!("{kind:?}: crc {:08x}, sum {found}", crc32(&file));
        if crc32(&file) != crc || sum.is_some_and(|sum| (found - sum).abs() > 1e-3) {
            wrong.push(format!("{kind:?}: {:08x} for {crc:08x}, sum {found} for {sum:?}", crc32(&file)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
