//! Start-up probe: does this engine answer as the scalar specification says?
//!
//! Presence of an instruction is not knowledge of its answers: Node 20's baseline compiler validates relaxed dot and
//! returns 32 where 16 is right, and partial engines accept a module and fail the very opcode.

use core::hint::black_box;

use crate::line::{bytes_mut, int8_mut, Line};
use crate::matrix::{Activation, Binary, BinaryActivation, Bits, Int8Rows, Ternary};
use crate::{active, pack, scalar};

/// The ternary GEMV answered wrongly.
pub const TERNARY: u32 = 1;
/// The binary GEMV answered wrongly.
pub const BINARY: u32 = 2;
/// The int8 GEMV answered wrongly.
pub const INT8: u32 = 4;

const ROWS: usize = 8;
const K: usize = 128;

/// Runs each kernel of this build on chosen inputs against [`scalar`]; 0 or a mask of the families that differ.
pub fn probe() -> u32 {
    // Extremes that tell implementations apart: ±127 against code 2 and against ±127, and runs of equal values.
    let q: [i8; K] = core::array::from_fn(|k| {
        black_box([127, -127, 127, 127, -127, -127, 2, 2, 2, 2, 0, -1, 64, -64, 127, -127][k % 16])
    });
    let x = Activation { q: &q, scale: 0.01, sum: q.iter().map(|q| i32::from(*q)).sum() };
    differs(ternary(x), TERNARY) | differs(binary(&q), BINARY) | differs(int8(x), INT8)
}

type Pair = ([f32; ROWS], [f32; ROWS]);

fn differs((got, want): Pair, flag: u32) -> u32 {
    if got.map(f32::to_bits) == want.map(f32::to_bits) {
        0
    } else {
        flag
    }
}

fn ternary(x: Activation) -> Pair {
    let mut lines = [Line::filled(pack::TERNARY_ZERO); pack::lane_lines(Bits::Two, ROWS, K)];
    for row in 0..ROWS {
        let codes: [u8; K] =
            core::array::from_fn(|k| if row < 3 { row as u8 } else { ((k * 7 + row * k / 3) % 3) as u8 });
        pack::put_codes(Bits::Two, bytes_mut(&mut lines), K, row, 0, &codes);
    }
    let (mut got, mut want) = ([0f32; ROWS], [0f32; ROWS]);
    if let Some(w) = Ternary::new(black_box(&lines), ROWS, K, 0.5) {
        active::gemv_w158a8(&w, x, &mut got);
        scalar::gemv_w158a8(&w, x, &mut want);
    }
    (got, want)
}

fn binary(q: &[i8; K]) -> Pair {
    let mut lines = [Line::filled(0); pack::binary_lines(ROWS, K)];
    for (i, byte) in bytes_mut(&mut lines).iter_mut().enumerate() {
        *byte = (i * 37 + i / 5) as u8;
    }
    let bits: [u8; K / 8] = core::array::from_fn(|i| q[i] as u8);
    let x = BinaryActivation { bits: &bits, beta: 0.25 };
    let (mut got, mut want) = ([0f32; ROWS], [0f32; ROWS]);
    if let Some(w) = Binary::new(black_box(&lines), &[0.5; ROWS], K) {
        active::gemv_w1a1(&w, x, &mut got);
        scalar::gemv_w1a1(&w, x, &mut want);
    }
    (got, want)
}

fn int8(x: Activation) -> Pair {
    let mut lines = [Line::filled(0); pack::int8_lines(ROWS, K)];
    for (i, w) in int8_mut(&mut lines).iter_mut().enumerate() {
        *w = if i < K { x.q[i] } else { ((i * 89) % 255) as i8 };
        *w = if *w == -128 { -127 } else { *w };
    }
    let (mut got, mut want) = ([0f32; ROWS], [0f32; ROWS]);
    if let Some(w) = Int8Rows::new(black_box(&lines), &[0.5; ROWS], K) {
        active::gemv_i8a8(&w, x, &mut got);
        scalar::gemv_i8a8(&w, x, &mut want);
    }
    (got, want)
}
