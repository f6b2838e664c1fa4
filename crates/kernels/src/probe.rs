//! Start-up probe: does this engine answer as the scalar specification says?
//!
//! Presence of an instruction is not knowledge of its answers: Node 20's baseline compiler validates relaxed dot and
//! returns 32 where 16 is right, and partial engines accept a module and fail the very opcode.

use core::hint::black_box;

use crate::choice::{gemv_kernels, Family};
use crate::line::{bytes_mut, int8_mut, Line};
use crate::matrix::{Activation, Binary, BinaryActivation, Int8Rows, Ternary};
use crate::pack::{self, Bits, Form, Layout};
use crate::run::{self, Tables};
use crate::scalar;

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
    flag(ternary(x), TERNARY) | flag(binary(&q), BINARY) | flag(int8(x), INT8)
}

fn flag(differs: bool, flag: u32) -> u32 {
    if differs {
        flag
    } else {
        0
    }
}

type Rows = [f32; ROWS];

/// Whether any of `kernels` answers other than `want`.
fn differ<K: Copy>(kernels: &[K], want: Rows, run: impl Fn(K, &mut Rows)) -> bool {
    kernels.iter().any(|kernel| {
        let mut got = [0f32; ROWS];
        run(*kernel, &mut got);
        got.map(f32::to_bits) != want.map(f32::to_bits)
    })
}

const TWO: usize = Form::new(Layout::Quad, Bits::Two).lines(ROWS, K);
const BITS: usize = Form::new(Layout::Tall, Bits::One).lines(ROWS, K);

fn packed(layout: Layout, code: impl Fn(usize, usize) -> u8) -> [Line; TWO] {
    let mut lines = [Line::filled(pack::TERNARY_ZERO); TWO];
    for row in 0..ROWS {
        let codes: [u8; K] = core::array::from_fn(|k| code(row, k));
        pack::put_codes(Form::new(layout, Bits::Two), bytes_mut(&mut lines), K, row, 0, &codes);
    }
    lines
}

fn ternary(x: Activation) -> bool {
    let code = |row: usize, k: usize| if row < 3 { row as u8 } else { ((k * 7 + row * k / 3) % 3) as u8 };
    let (quads, columns) = (packed(Layout::Quad, code), packed(Layout::Column, code));
    let mut tables = [0u8; Tables::Pairs.bytes(K)];
    run::build_tables(Tables::Pairs, x.q, &mut tables);
    let views = (
        Ternary::new(black_box(&quads), Layout::Quad, (ROWS, K), 0.5, false),
        Ternary::new(black_box(&columns), Layout::Column, (ROWS, K), 0.5, false),
    );
    let (Some(quads), Some(columns)) = views else { return true };
    let mut want = [0f32; ROWS];
    scalar::gemv_w158a8(&quads, x, &mut want);
    differ(gemv_kernels(Family::Ternary), want, |kernel, y| {
        let w = if kernel.layout(Family::Ternary) == Layout::Column { &columns } else { &quads };
        run::gemv_w158a8(kernel, w, x, &tables, y);
    })
}

fn binary(q: &[i8; K]) -> bool {
    let code = |row: usize, k: usize| ((row * 37 + k * 11 + row * k / 5) % 7 % 2) as u8;
    let (mut rows, mut columns) = ([Line::filled(0); BITS], [Line::filled(0); BITS]);
    for row in 0..ROWS {
        let codes: [u8; K] = core::array::from_fn(|k| code(row, k));
        pack::put_codes(Form::new(Layout::Row, Bits::One), bytes_mut(&mut rows), K, row, 0, &codes);
        pack::put_codes(Form::new(Layout::Tall, Bits::One), bytes_mut(&mut columns), K, row, 0, &codes);
    }
    let rows = &rows[..Form::new(Layout::Row, Bits::One).lines(ROWS, K)];
    let alpha = [0.5; ROWS];
    let bits: [u8; K / 8] = core::array::from_fn(|i| q[i] as u8);
    let x = BinaryActivation { bits: &bits, beta: 0.25 };
    let views = (
        Binary::new(black_box(rows), Layout::Row, &alpha, K),
        Binary::new(black_box(&columns), Layout::Tall, &alpha, K),
    );
    let (Some(rows), Some(columns)) = views else { return true };
    let mut want = [0f32; ROWS];
    scalar::gemv_w1a1(&rows, x, &mut want);
    differ(gemv_kernels(Family::Binary), want, |kernel, y| {
        let w = if kernel.layout(Family::Binary) == Layout::Tall { &columns } else { &rows };
        run::gemv_w1a1(kernel, w, x, y);
    })
}

fn int8(x: Activation) -> bool {
    let mut lines = [Line::filled(0); pack::int8_lines(ROWS, K)];
    for (i, w) in int8_mut(&mut lines).iter_mut().enumerate() {
        *w = if i < K { x.q[i] } else { ((i * 89) % 255) as i8 };
        *w = if *w == -128 { -127 } else { *w };
    }
    let mut want = [0f32; ROWS];
    let Some(w) = Int8Rows::new(black_box(&lines), &[0.5; ROWS], K) else { return true };
    scalar::gemv_i8a8(&w, x, &mut want);
    differ(gemv_kernels(Family::Int8), want, |kernel, y| run::gemv_i8a8(kernel, &w, x, y))
}
