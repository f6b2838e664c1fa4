//! Tensor types as files hold them: the table of them all, and what reads a block of each. A type is added here and
//! nowhere else in Rust. Sources: ggml-quants.c, ggml-common.h; microsoft/BitNet for I2_S.

use core::fmt;

use super::layout::{quad_of_two, Bits, MAX_CODE_BYTES};
use crate::family::Family;
use crate::math::f16_to_f32;

/// An entry of [`TYPES`] whose bytes and weights a block are those of the arrays that `decode` takes.
macro_rules! rows {
    ($id:literal, $name:literal, $decode:ident) => {
        float_type($id, $name, $decode, |bytes, out| each_block(bytes, out, $decode))
    };
}

/// Every type this engine reads. Packed ones: (bytes, weights) of a block.
pub static TYPES: [Type; 15] = [
    rows!(0, "F32", f32_value),
    rows!(1, "F16", f16_value),
    rows!(2, "Q4_0", q4_0),
    rows!(3, "Q4_1", q4_1),
    rows!(6, "Q5_0", q5_0),
    rows!(8, "Q8_0", q8_0),
    rows!(12, "Q4_K", q4_k),
    rows!(14, "Q6_K", q6_k),
    rows!(30, "BF16", bf16_value),
    packed_type(34, "TQ1_0", Family::Ternary, (54, 256), tq1_0),
    packed_type(35, "TQ2_0", Family::Ternary, (66, 256), tq2_0),
    one_scale(packed_type(36, "I2_S", Family::Ternary, (32, 128), i2_s)),
    packed_type(41, "Q1_0", Family::OneBit, (18, 128), row_major),
    packed_type(42, "Q2_0", Family::TwoBit, (18, 64), row_major),
    // Prism's Q2_0: under upstream's id in its files, passed to the engine as its later id.
    packed_type(142, "Q2_0_G128", Family::TwoBit, (34, 128), row_major),
];

/// A tensor type this engine reads.
pub struct Type {
    /// Its id in a GGUF.
    pub id: u32,
    /// ggml's name.
    pub name: &'static str,
    /// What becomes of it.
    pub read: Read,
}

/// How the tensors of a type are taken in.
#[derive(Clone, Copy)]
pub enum Read {
    /// As rows of floats, to become int8 or int4 rows or vectors.
    Floats(FloatBlock),
    /// As codes, which stay packed.
    Packed(PackedBlock),
}

/// A block of a type that is read as floats.
#[derive(Clone, Copy)]
pub struct FloatBlock {
    /// Bytes of a block.
    pub bytes: usize,
    /// Weights of a block.
    pub weights: usize,
    decode: fn(&[u8], &mut [f32]),
}

/// A block of a type that is read as codes.
#[derive(Clone, Copy)]
pub struct PackedBlock {
    /// Bytes of a block.
    pub bytes: usize,
    /// Weights of a block.
    pub weights: usize,
    /// Which kernels most likely serve it; a tensor whose scales turn out equal is ternary, one whose scales differ is not.
    /// [`Family::Ternary`] holds no code 3 and takes a scale of activations a token, the others one per 128 of K.
    pub family: Family,
    /// Whether one f32 scale ends the tensor, padded to the bytes of a block, and blocks have none.
    pub scale_ends_tensor: bool,
    decode: fn(&[u8], &mut Codes) -> u16,
}

/// Codes of a block in the order of [`Layout::RowMajor`](super::layout::Layout::RowMajor).
type Codes = [u8; MAX_CODE_BYTES];

impl Type {
    /// The type of a GGUF type id.
    pub fn from_ggml(id: u32) -> Option<&'static Type> {
        TYPES.iter().find(|kind| kind.id == id)
    }

    /// (bytes, weights) of a block.
    pub const fn block(&self) -> (usize, usize) {
        match self.read {
            Read::Floats(FloatBlock { bytes, weights, .. }) | Read::Packed(PackedBlock { bytes, weights, .. }) => {
                (bytes, weights)
            }
        }
    }
}

/// The name, as messages have it.
impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FloatBlock {
    /// Whether values stand alone, as vectors do (F32, F16, BF16).
    pub const fn is_unquantized(self) -> bool {
        self.weights == 1
    }

    /// Dequantises whole blocks.
    pub fn dequantize(self, bytes: &[u8], out: &mut [f32]) {
        (self.decode)(bytes, out);
    }
}

impl PackedBlock {
    /// Width of a code.
    pub const fn bits(self) -> Bits {
        match self.family {
            Family::OneBit => Bits::One,
            _ => Bits::Two,
        }
    }

    /// Whether activations are quantised per 128 of K for this type, not per token.
    pub const fn grouped_activations(self) -> bool {
        !matches!(self.family, Family::Ternary)
    }

    /// Writes a block's codes and returns its scale as f16 bits, 0 where one scale ends the tensor.
    pub fn codes(self, block: &[u8], codes: &mut [u8; MAX_CODE_BYTES]) -> u16 {
        (self.decode)(block, codes)
    }
}

const fn float_type<const BYTES: usize, const WEIGHTS: usize>(
    id: u32,
    name: &'static str,
    _: fn(&[u8; BYTES], &mut [f32; WEIGHTS]),
    decode: fn(&[u8], &mut [f32]),
) -> Type {
    Type { id, name, read: Read::Floats(FloatBlock { bytes: BYTES, weights: WEIGHTS, decode }) }
}

const fn packed_type(
    id: u32,
    name: &'static str,
    family: Family,
    (bytes, weights): (usize, usize),
    decode: fn(&[u8], &mut Codes) -> u16,
) -> Type {
    Type { id, name, read: Read::Packed(PackedBlock { bytes, weights, family, scale_ends_tensor: false, decode }) }
}

/// The same type with one scale after its blocks.
const fn one_scale(kind: Type) -> Type {
    match kind.read {
        Read::Packed(block) => Type { read: Read::Packed(PackedBlock { scale_ends_tensor: true, ..block }), ..kind },
        Read::Floats(_) => kind,
    }
}

/// Dequantises whole blocks.
#[inline(always)]
fn each_block<const BYTES: usize, const WEIGHTS: usize>(
    bytes: &[u8],
    out: &mut [f32],
    decode: impl Fn(&[u8; BYTES], &mut [f32; WEIGHTS]),
) {
    for (block, out) in bytes.chunks_exact(BYTES).zip(out.chunks_exact_mut(WEIGHTS)) {
        if let (Some(block), Some(out)) = (block.first_chunk(), out.first_chunk_mut()) {
            decode(block, out);
        }
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// `y[l·32 + m] = qs[m] >> 2l & 3` per half of 128.
fn tq2_0(block: &[u8], codes: &mut Codes) -> u16 {
    for (codes, half) in codes.chunks_exact_mut(32).zip(block.chunks_exact(32)) {
        planes(half, codes, |l| l);
    }
    half(block, 64)
}

/// The 128 codes of 32 bytes: a plane is bits `2l, 2l + 1` of them all, the 32 codes that stand at place `of(l)`.
fn planes(bytes: &[u8], codes: &mut [u8], of: impl Fn(usize) -> usize) {
    // Byte l of a word: the codes of plane l.
    let words: [u32; 8] = core::array::from_fn(|w| {
        quad_of_two(u32::from_le_bytes([bytes[4 * w], bytes[4 * w + 1], bytes[4 * w + 2], bytes[4 * w + 3]]))
    });
    for l in 0..4 {
        for (code, word) in codes[8 * of(l)..][..8].iter_mut().zip(words) {
            *code = (word >> (8 * l)) as u8;
        }
    }
}

/// Base 3: five digits a byte for `qs` (32, then 16 bytes), four for `qh`.
fn tq1_0(block: &[u8], codes: &mut Codes) -> u16 {
    const POWERS: [u8; 5] = [1, 3, 9, 27, 81];
    for (first, bytes, digits, at) in [(0, 32, 5, 0), (32, 16, 5, 160), (48, 4, 4, 240)] {
        for (n, power) in POWERS[..digits].iter().enumerate() {
            let at = (at + n * bytes) / 4;
            for (code, bytes) in codes[at..].iter_mut().zip(block[first..first + bytes].chunks_exact(4)) {
                let digit = |i: usize| ((u16::from(bytes[i].wrapping_mul(*power)) * 3) >> 8) as u8;
                *code = digit(0) | digit(1) << 2 | digit(2) << 4 | digit(3) << 6;
            }
        }
    }
    half(block, 52)
}

/// 128 codes, the first 32 in the top two bits.
fn i2_s(group: &[u8], codes: &mut Codes) -> u16 {
    planes(group, codes, |l| 3 - l);
    0
}

/// Q1_0 and Q2_0: codes as they are, after the scale.
fn row_major(block: &[u8], codes: &mut Codes) -> u16 {
    codes[..block.len() - 2].copy_from_slice(&block[2..]);
    half(block, 0)
}

fn f32_value(bytes: &[u8; 4], out: &mut [f32; 1]) {
    out[0] = f32::from_le_bytes(*bytes);
}

fn f16_value(bytes: &[u8; 2], out: &mut [f32; 1]) {
    out[0] = f16_to_f32(u16::from_le_bytes(*bytes));
}

fn bf16_value(bytes: &[u8; 2], out: &mut [f32; 1]) {
    out[0] = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
}

/// `d · (nibble − 8)`, low nibbles first.
fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let d = f16_to_f32(half(block, 0));
    for (i, o) in out.iter_mut().enumerate() {
        let nibble = block[2 + i % 16] >> (4 * (i / 16)) & 15;
        *o = d * (i32::from(nibble) - 8) as f32;
    }
}

/// `d · nibble + m`, low nibbles first.
fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (d, m) = (f16_to_f32(half(block, 0)), f16_to_f32(half(block, 2)));
    for (i, o) in out.iter_mut().enumerate() {
        let nibble = block[4 + i % 16] >> (4 * (i / 16)) & 15;
        *o = d * f32::from(nibble) + m;
    }
}

/// `d · (five bits − 16)`, the fifth bits in a u32 after the scale.
fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let d = f16_to_f32(half(block, 0));
    let high = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
    for (i, o) in out.iter_mut().enumerate() {
        let low = i32::from(block[6 + i % 16] >> (4 * (i / 16)) & 15);
        let fifth = (high >> i & 1) as i32;
        *o = d * (low + 16 * fifth - 16) as f32;
    }
}

fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let d = f16_to_f32(half(block, 0));
    for (o, q) in out.iter_mut().zip(&block[2..]) {
        *o = d * f32::from(*q as i8);
    }
}

/// `d·scale·q − dmin·min`, six-bit scales and mins packed in twelve bytes.
fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (d, dmin) = (f16_to_f32(half(block, 0)), f16_to_f32(half(block, 2)));
    let (packed, quants) = (&block[4..16], &block[16..]);
    for (j, out) in out.chunks_exact_mut(32).enumerate() {
        let (scale, min) = match j {
            0..=3 => (packed[j] & 63, packed[j + 4] & 63),
            _ => (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4),
        };
        let (step, base) = (d * f32::from(scale), dmin * f32::from(min));
        for (l, o) in out.iter_mut().enumerate() {
            let q = quants[j / 2 * 32 + l] >> (4 * (j % 2)) & 15;
            *o = step * f32::from(q) - base;
        }
    }
}

/// `d · scale · (six bits − 32)`.
fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let d = f16_to_f32(half(block, 208));
    for (run, out) in out.chunks_exact_mut(16).enumerate() {
        let (part, quarter, l) = (run / 8, run % 8 / 2, run % 2 * 16);
        let step = d * f32::from(block[192 + run] as i8);
        let low = &block[64 * part + 32 * (quarter % 2) + l..][..16];
        let high = &block[128 + 32 * part + l..][..16];
        for ((o, low), high) in out.iter_mut().zip(low).zip(high) {
            let six = low >> (4 * (quarter / 2)) & 15 | (high >> (2 * quarter) & 3) << 4;
            *o = step * (i32::from(six) - 32) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layout::{code_at, Form, Layout};
    use std::vec;
    use std::vec::Vec;

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, b| {
            (0..8).fold(crc ^ u32::from(*b), |c, _| (c >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(c & 1)))
        })
    }

    /// The codes of the formats page's `tern` and `bin` inputs.
    fn tern(i: usize) -> u8 {
        ((7 * i + i / 3) % 3) as u8
    }

    fn bin(i: usize) -> u8 {
        u8::from((5 * i) % 7 < 3)
    }

    fn named(name: &str) -> &'static Type {
        TYPES.iter().find(|kind| kind.name == name).unwrap()
    }

    fn packed(name: &str) -> PackedBlock {
        let Read::Packed(block) = named(name).read else { panic!("{name} has no codes") };
        block
    }

    fn row(name: &str, bytes: &[u8], out: &mut [f32]) {
        let Read::Floats(block) = named(name).read else { panic!("{name} has codes") };
        block.dequantize(bytes, out);
    }

    fn code_of(block: PackedBlock, codes: &[u8], i: usize) -> u8 {
        code_at(Form::new(Layout::RowMajor, block.bits()), codes, 0, 0, i)
    }

    #[test]
    fn an_id_and_a_name_are_of_one_type() {
        for kind in &TYPES {
            assert!(core::ptr::eq(Type::from_ggml(kind.id).unwrap(), kind) && core::ptr::eq(named(kind.name), kind));
        }
        assert!(Type::from_ggml(5).is_none());
    }

    /// Checks the golden CRC of `blocks` and that decoding gives `value` at every index.
    fn golden(name: &str, blocks: Vec<Vec<u8>>, crc: u32, scale: u16, value: fn(usize) -> u8) {
        assert_eq!(crc32(&blocks.concat()), crc, "{name}: the golden bytes");
        let (kind, n) = (packed(name), named(name).block().1);
        for (b, block) in blocks.iter().enumerate() {
            let mut codes = [9u8; MAX_CODE_BYTES];
            assert_eq!(kind.codes(block, &mut codes), scale);
            assert!((0..n).all(|i| code_of(kind, &codes, i) == value(n * b + i)), "{name} block {b}");
        }
    }

    const HALF: [u8; 2] = 0x3800u16.to_le_bytes();

    #[test]
    fn tq2_0_decodes_the_golden_tensor() {
        let byte =
            |b: usize, i: usize| (0..4).fold(0, |v, l| v | tern(256 * b + i / 32 * 128 + 32 * l + i % 32) << (2 * l));
        let blocks = (0..16).map(|b| (0..64).map(|i| byte(b, i)).chain(HALF).collect());
        golden("TQ2_0", blocks.collect(), 0x6acc_81c3, 0x3800, tern);
    }

    #[test]
    fn tq1_0_decodes_the_golden_tensor() {
        let pack = |first: usize, stride: usize, digits: usize| {
            let v = (0..5).fold(0u32, |v, n| v * 3 + if n < digits { u32::from(tern(first + n * stride)) } else { 0 });
            (v * 256).div_ceil(243) as u8
        };
        let block = |b: usize| {
            let at = 256 * b;
            let qs = (0..32).map(|m| pack(at + m, 32, 5)).chain((0..16).map(|m| pack(at + 160 + m, 16, 5)));
            qs.chain((0..4).map(|m| pack(at + 240 + m, 4, 4))).chain(HALF).collect()
        };
        golden("TQ1_0", (0..16).map(block).collect(), 0x2cf1_6580, 0x3800, tern);
    }

    #[test]
    fn i2_s_decodes_the_golden_tensor() {
        let byte = |b: usize, p: usize| (0..4).fold(0, |v, g| v << 2 | tern(128 * b + 32 * g + p));
        let blocks = (0..8).map(|b| (0..32).map(|p| byte(b, p)).collect());
        golden("I2_S", blocks.collect(), 0xcbf5_9025, 0, tern);
    }

    #[test]
    fn q1_0_and_q2_0_decode_the_golden_tensors() {
        let bits = |b: usize, i: usize| (0..8).fold(0, |v, j| v | bin(128 * b + 8 * i + j) << j);
        let scale = 0x3400u16.to_le_bytes();
        let blocks = (0..32).map(|b| scale.into_iter().chain((0..16).map(|i| bits(b, i))).collect());
        golden("Q1_0", blocks.collect(), 0x61bb_2c3a, 0x3400, bin);
        let quad = |b: usize, i: usize| (0..4).fold(0, |v, j| v | tern(64 * b + 4 * i + j) << (2 * j));
        let blocks = (0..64).map(|b| HALF.into_iter().chain((0..16).map(|i| quad(b, i))).collect());
        golden("Q2_0", blocks.collect(), 0xced4_fa84, 0x3800, tern);
        let mut codes = [9u8; MAX_CODE_BYTES];
        let block: Vec<u8> = HALF.into_iter().chain((0..32).map(|i| quad(0, i))).collect();
        assert_eq!(packed("Q2_0_G128").codes(&block, &mut codes), 0x3800);
        assert!((0..128).all(|i| code_of(packed("Q2_0_G128"), &codes, i) == tern(i)) && codes[32] == 9);
    }

    #[test]
    fn float_rows_decode() {
        let mut out = [0f32; 32];
        row("F32", &1.25f32.to_le_bytes(), &mut out[..1]);
        assert_eq!(out[0], 1.25);
        row("F16", &[0x00, 0x3c, 0x00, 0xc0], &mut out[..2]);
        assert_eq!(out[..2], [1.0, -2.0]);
        row("BF16", &[0x80, 0x3f, 0x20, 0xc1], &mut out[..2]);
        assert_eq!(out[..2], [1.0, -10.0]);
        let eight: Vec<u8> = HALF.into_iter().chain((0..32).map(|i| (i * 8 - 127) as i8 as u8)).collect();
        row("Q8_0", &eight, &mut out);
        assert_eq!((out[0], out[31]), (-63.5, 60.5));
        let four: Vec<u8> = HALF.into_iter().chain((0..16).map(|i| i | (15 - i) << 4)).collect();
        row("Q4_0", &four, &mut out);
        assert_eq!((out[0], out[15], out[16], out[31]), (-4.0, 3.5, 3.5, -4.0));
        let shifted: Vec<u8> = [&HALF[..], &[0x00, 0xc0], &four[2..]].concat();
        row("Q4_1", &shifted, &mut out);
        assert_eq!((out[0], out[15], out[16], out[31]), (-2.0, 5.5, 5.5, -2.0));
        let five: Vec<u8> = HALF.into_iter().chain([1, 0, 0, 0x80]).chain(four[2..].iter().copied()).collect();
        row("Q5_0", &five, &mut out);
        assert_eq!((out[0], out[1], out[31]), (0.0, -7.5, 0.0));
    }

    #[test]
    fn k_quants_use_their_own_scales() {
        let mut six = vec![0u8; 210];
        six[192..208].copy_from_slice(&core::array::from_fn::<u8, 16, _>(|i| i as u8 + 1));
        six[208..].copy_from_slice(&0x3c00u16.to_le_bytes());
        six[35] = 5;
        six[128 + 3] = 2 << 2;
        let mut out = [0f32; 256];
        row("Q6_K", &six, &mut out);
        assert_eq!((out[35], out[0], out[255]), (3.0 * 5.0, -32.0, 16.0 * -32.0));
        let mut four = vec![0u8; 144];
        four[..4].copy_from_slice(&[0x00, 0x3c, 0x00, 0x38]);
        four[4..16].copy_from_slice(&[1, 2, 3, 4 | 1 << 6, 5, 6, 7, 8 | 2 << 6, 0x21, 0, 0, 0x43]);
        four[16 + 96 + 1] = 0x90;
        row("Q4_K", &four, &mut out);
        assert_eq!((out[0], out[96], out[128]), (-0.5 * 5.0, -0.5 * 8.0, -0.5 * 2.0));
        // Sub-block 7: scale 3 | 1 << 4 = 19, min 4 | 2 << 4 = 36.
        assert_eq!((out[224], out[225]), (-18.0, 19.0 * 9.0 - 18.0));
    }
}
