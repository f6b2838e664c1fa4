//! Float primitives with one fixed order of operations, shared by every variant (DESIGN.md, Numerics).

/// Partial sums of a lane sum.
pub const LANES: usize = 16;

/// Adds 16 partial sums in the fixed tree.
#[inline]
pub fn reduce(partial: &[f32; LANES]) -> f32 {
    let mut b = [0f32; 8];
    for j in 0..8 {
        b[j] = partial[j] + partial[j + 8];
    }
    let c = [b[0] + b[4], b[1] + b[5], b[2] + b[6], b[3] + b[7]];
    (c[0] + c[2]) + (c[1] + c[3])
}

/// Lane sum of `f(i)` for `i` in `0..n`.
#[inline]
pub fn lane_sum(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut partial = [0f32; LANES];
    let whole = n / LANES * LANES;
    for base in (0..whole).step_by(LANES) {
        for (j, p) in partial.iter_mut().enumerate() {
            *p += f(base + j);
        }
    }
    for i in whole..n {
        partial[i % LANES] += f(i);
    }
    reduce(&partial)
}

/// The bits of `x` as an integer in the order of the floats (−0 below +0), and back.
///
/// Maxima and clamps go through integers: with relaxed SIMD enabled LLVM turns a float comparison and choice into
/// `f32x4.relaxed_max`, whose answer for ±0 and NaN is the engine's own.
#[inline]
fn ordered(x: f32) -> i32 {
    let bits = x.to_bits() as i32;
    bits ^ ((bits >> 31) & 0x7fff_ffff)
}

#[inline]
fn from_ordered(key: i32) -> f32 {
    f32::from_bits((key ^ ((key >> 31) & 0x7fff_ffff)) as u32)
}

/// The largest of `x`, −∞ for none; NaN counts by its sign as beyond the infinities.
#[inline]
pub fn max(x: &[f32]) -> f32 {
    from_ordered(x.iter().map(|v| ordered(*v)).fold(ordered(f32::NEG_INFINITY), |m, k| if k > m { k } else { m }))
}

/// `x` where it is positive, else +0.
#[inline]
pub fn positive(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits(bits & !((bits as i32 >> 31) as u32))
}

/// 1.5 · 2²³: adding and subtracting it rounds |v| < 2²² to an integer, ties to even.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// Round to nearest, ties to even, for |v| < 2²².
#[inline]
pub fn round_even(v: f32) -> f32 {
    (v + ROUND) - ROUND
}

/// [`ordered`] −87 and 88.
pub(crate) const LOWEST: i32 = (-87f32).to_bits() as i32 ^ 0x7fff_ffff;
pub(crate) const HIGHEST: i32 = 88f32.to_bits() as i32;

/// Polynomial of [`exp`], highest power first.
#[allow(clippy::excessive_precision)]
pub(crate) const EXP: [f32; 6] = [
    1.987_569_150_0e-4,
    1.398_199_950_7e-3,
    8.333_451_907_3e-3,
    4.166_579_589_4e-2,
    1.666_666_545_9e-1,
    5.000_000_120_1e-1,
];

/// eˣ with `x` clamped to [−87, 88] (Cephes `expf`, no fused operation, no libm).
#[inline]
#[allow(clippy::excessive_precision)]
pub fn exp(x: f32) -> f32 {
    let key = ordered(x);
    let key = if key > LOWEST { key } else { LOWEST };
    let x = from_ordered(if key < HIGHEST { key } else { HIGHEST });
    let shifted = x * core::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * 0.693_359_375) - n * -2.121_944_40e-4;
    let mut p = EXP[0];
    for c in &EXP[1..] {
        p = p * r + c;
    }
    let y = ((p * (r * r)) + r) + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits());
    f32::from_bits(y.to_bits().wrapping_add(exponent << 23))
}

/// IEEE half to f32, exact.
#[inline]
pub fn f16_to_f32(h: u16) -> f32 {
    let sign = u32::from(h & 0x8000) << 16;
    let magnitude = u32::from(h & 0x7fff);
    let bits = match magnitude >> 10 {
        // Subnormal halves are magnitude · 2⁻²⁴, exact in f32.
        0 => (magnitude as f32 * f32::from_bits(0x3380_0000)).to_bits(),
        31 => 0x7f80_0000 | (magnitude << 13),
        _ => (magnitude << 13) + 0x3800_0000,
    };
    f32::from_bits(sign | bits)
}

/// Largest |x|, 0 for an empty slice: magnitudes order as their bits do. NaN counts as beyond infinity.
#[inline]
pub fn abs_max(x: &[f32]) -> f32 {
    f32::from_bits(x.iter().map(|v| v.to_bits() & 0x7fff_ffff).fold(0, |m, bits| if bits > m { bits } else { m }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_ulp_of_f64() {
        for i in -870..=880 {
            let x = i as f32 * 0.1;
            let want = f64::from(x).exp();
            assert!(((f64::from(exp(x)) - want) / want).abs() < 2.4e-7, "exp({x})");
        }
        assert_eq!((exp(0.0), exp(-1000.0), exp(1000.0)), (1.0, exp(-87.0), exp(88.0)));
    }

    #[test]
    fn maxima_go_by_value_and_sign() {
        assert_eq!(max(&[-3.0, -0.5, -7.0]), -0.5);
        assert_eq!(max(&[-0.0, 0.0]).to_bits(), 0);
        assert_eq!(max(&[]), f32::NEG_INFINITY);
        assert_eq!(max(&[1.0, f32::INFINITY, 2.0]), f32::INFINITY);
        assert_eq!((abs_max(&[1.0, -4.5, 4.0]), abs_max(&[])), (4.5, 0.0));
        assert_eq!((positive(2.5), positive(-2.5).to_bits(), positive(-0.0).to_bits()), (2.5, 0, 0));
        assert_eq!((LOWEST, HIGHEST), (ordered(-87.0), ordered(88.0)));
    }

    #[test]
    fn halves_convert_exactly() {
        let pairs =
            [(0x0000, 0.0), (0x3c00, 1.0), (0xbc00, -1.0), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0), (0x3800, 0.5)];
        for (h, want) in pairs {
            assert_eq!(f16_to_f32(h), want);
        }
        assert!(f16_to_f32(0x7c00).is_infinite() && f16_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn rounding_is_ties_to_even() {
        for (v, want) in
            [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, 0.0), (-1.5, -2.0), (126.5, 126.0), (-126.51, -127.0)]
        {
            assert_eq!(round_even(v), want);
        }
    }

    #[test]
    fn lane_sum_takes_the_documented_order() {
        let x: [f32; 37] = core::array::from_fn(|i| 1.0 / (i as f32 + 1.0));
        let mut partial = [0f32; 16];
        for (i, v) in x.iter().enumerate() {
            partial[i % 16] += v;
        }
        assert_eq!(lane_sum(37, |i| x[i]).to_bits(), reduce(&partial).to_bits());
    }
}
