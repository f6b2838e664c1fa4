//! Start-up probe: does this engine answer as the scalar specification says?
//!
//! Presence of an instruction is not knowledge of its answers: Node 20's baseline compiler validates relaxed dot and
//! returns 32 where 16 is right, and partial engines accept a module and fail the very opcode.

/// The ternary GEMV answered wrongly.
pub const TERNARY: u32 = 1;
/// The binary GEMV answered wrongly.
pub const BINARY: u32 = 2;
/// The int8 GEMV answered wrongly.
pub const INT8: u32 = 4;

/// The kernels of this build are the specification.
#[cfg(not(target_feature = "simd128"))]
pub fn probe() -> u32 {
    0
}

/// Runs each kernel of this build on chosen inputs against [`crate::scalar`]; 0 or a mask of the families that differ.
#[cfg(target_feature = "simd128")]
pub fn probe() -> u32 {
    let q = simd::inputs();
    let flag = |differs: bool, flag: u32| if differs { flag } else { 0 };
    flag(simd::ternary(&q), TERNARY) | flag(simd::binary(&q), BINARY) | flag(simd::int8(&q), INT8)
}

#[cfg(target_feature = "simd128")]
mod simd {
    use core::hint::black_box;

    use crate::activation::{Activation, BinaryTokens, Derived, DerivedOf, Source, Tables, Tile, Tokens, Workspace};
    use crate::dispatch::choice::Choice;
    use crate::dispatch::multiply::{multiply_binary, multiply_int8, multiply_ternary};
    use crate::family::Family;
    use crate::format::layout::{int8_lines, put_codes, BitRows, Bits, Form, Layout, Quads, TERNARY_ZERO};
    use crate::line::{bytes, bytes_mut, int8_mut, Line};
    use crate::matrix::{Binary, Int8, Ternary};
    use crate::scalar;

    const ROWS: usize = 8;
    const K: usize = 128;
    /// Lines of any matrix here: 32 padded rows of two bits, or 64 of one.
    const LINES: usize = Form::new(Layout::Quads, Bits::Two).lines(ROWS, K);

    type Output = [f32; ROWS];

    /// Extremes that tell implementations apart: ±127 against code 2 and against ±127, and runs of equal values.
    pub(super) fn inputs() -> [i8; K] {
        const RUN: [i8; 16] = [127, -127, 127, 127, -127, -127, 2, 2, 2, 2, 0, -1, 64, -64, 127, -127];
        let mut q = [0; K];
        q.chunks_exact_mut(RUN.len()).for_each(|run| run.copy_from_slice(black_box(&RUN)));
        q
    }

    #[inline(never)]
    fn packed(form: Form, code: fn(usize, usize) -> u8) -> [Line; LINES] {
        let (mut lines, mut codes) = ([Line::filled(TERNARY_ZERO); LINES], [0; K]);
        for row in 0..ROWS {
            codes.iter_mut().enumerate().for_each(|(k, c)| *c = code(row, k));
            put_codes(form, bytes_mut(&mut lines), K, row, 0, &codes);
        }
        lines
    }

    fn sum(q: &[i8]) -> i32 {
        q.iter().map(|q| i32::from(*q)).sum()
    }

    /// Whether any kernel of `family` answers other than `want`.
    #[inline(never)]
    fn differ(family: Family, want: &Output, run: &dyn Fn(Choice, &mut Output)) -> bool {
        Choice::each_gemv(family).any(|choice| {
            let mut got = [0f32; ROWS];
            run(choice, &mut got);
            got.map(f32::to_bits) != want.map(f32::to_bits)
        })
    }

    /// The choice that reads what the specification reads.
    fn reading(family: Family, layout: Layout) -> Choice {
        Choice::each_gemv(family).find(|choice| choice.layout() == layout).unwrap_or(Choice::default_of(family))
    }

    pub(super) fn ternary(q: &[i8; K]) -> bool {
        fn code(row: usize, k: usize) -> u8 {
            if row < 3 {
                row as u8
            } else {
                ((k * 7 + row * k / 3) % 3) as u8
            }
        }
        let (scales, sums) = ([0.01], [sum(q)]);
        fn view(lines: &[Line; LINES], choice: Choice) -> Option<Ternary<'_>> {
            Ternary::new(black_box(lines), choice, (ROWS, K), 0.5, false)
        }
        let plain = reading(Family::Ternary, Layout::Quads);
        let (lines, mut want) = (packed(plain.form(Bits::Two), code), [0f32; ROWS]);
        let Some(w) = view(&lines, plain) else { return true };
        scalar::gemv_ternary(Quads(bytes(&lines)), &w, Activation { q, scales: &scales, sums: &sums }, &mut want);
        differ(Family::Ternary, &want, &|choice, y| {
            let lines = packed(choice.form(Bits::Two), code);
            let x = Tokens { q, scales: &scales, sums: &sums, source: Source::PerToken };
            let (mut tables, mut of) = ([0u8; Tables::Pairs.bytes(K)], DerivedOf::default());
            let derived = Derived { q16: &mut [], tables: &mut tables, of: &mut of };
            let tile = Tile { codes: &mut [], sums: &mut [], totals: &mut [] };
            if let Some(w) = view(&lines, choice) {
                multiply_ternary(&w, x, &mut Workspace { tile, derived }, y);
            }
        })
    }

    pub(super) fn binary(q: &[i8; K]) -> bool {
        fn code(row: usize, k: usize) -> u8 {
            ((row * 37 + k * 11 + row * k / 5) % 7 % 2) as u8
        }
        let (alpha, beta) = ([0.5; ROWS], 0.25);
        let bits: [u8; K / 8] = core::array::from_fn(|i| q[i] as u8);
        let plain = reading(Family::Binary, Layout::RowMajor);
        let (lines, mut want) = (packed(plain.form(Bits::One), code), [0f32; ROWS]);
        fn view<'a>(lines: &'a [Line; LINES], choice: Choice, alpha: &'a [f32]) -> Option<Binary<'a>> {
            Binary::new(&black_box(lines)[..choice.form(Bits::One).lines(ROWS, K)], choice, alpha, K)
        }
        let Some(w) = view(&lines, plain, &alpha) else { return true };
        scalar::gemv_binary(BitRows(bytes(&lines)), &w, &bits, beta, &mut want);
        differ(Family::Binary, &want, &|choice, y| {
            let lines = packed(choice.form(Bits::One), code);
            if let Some(w) = view(&lines, choice, &alpha) {
                multiply_binary(&w, BinaryTokens { bits: &bits, beta: &[beta] }, y);
            }
        })
    }

    pub(super) fn int8(q: &[i8; K]) -> bool {
        let mut lines = [Line::filled(0); int8_lines(ROWS, K)];
        for (i, w) in int8_mut(&mut lines).iter_mut().enumerate() {
            *w = if i < K { q[i] } else { ((i * 89) % 255) as i8 };
            *w = if *w == -128 { -127 } else { *w };
        }
        let (scales, sums, mut want): (_, _, Output) = ([0.01], [sum(q)], [0.0; ROWS]);
        let view = |choice| Int8::new(black_box(&lines), choice, &[0.5; ROWS], K);
        let Some(w) = view(Choice::default_of(Family::Int8)) else { return true };
        scalar::gemv_int8(&w, Activation { q, scales: &scales, sums: &sums }, &mut want);
        differ(Family::Int8, &want, &|choice, y| {
            let x = Tokens { q, scales: &scales, sums: &sums, source: Source::PerToken };
            if let Some(w) = view(choice) {
                multiply_int8(&w, x, y);
            }
        })
    }
}
