//! Rotary position embedding (arXiv 2104.09864) with its scalings.

use alloc::vec::Vec;

use pocketbit_kernels::float::{turn_halves, turn_pairs};

use crate::config::{Config, Pairing, RopeScaling};
use crate::error::Error;
use crate::memory::Room;

/// Frequencies of a model, and the angles of the positions of one slice.
pub(crate) struct Rope {
    pairing: Pairing,
    /// multiplies cos and sin (YaRN)
    magnitude: f64,
    /// radians a position rotates each pair `[n / 2]`
    inverse: Vec<f64>,
    /// `[slice][n / 2]`
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Rope {
    /// For slices of up to `slice` positions; `factors` `[n / 2]` divide the frequencies (Llama 3.1), empty for none.
    pub(crate) fn new(c: &Config, factors: &[f32], slice: usize, room: &mut Room) -> Result<Self, Error> {
        let half = c.rope_dims / 2;
        let mut inverse = room.filled(0f64, half)?;
        for (i, f) in inverse.iter_mut().enumerate() {
            let plain = libm::pow(c.rope_base, -2.0 * i as f64 / c.rope_dims as f64);
            *f = scaled(c, i, plain) / factors.get(i).map_or(1.0, |factor| f64::from(*factor));
        }
        let magnitude = match c.rope_scaling {
            RopeScaling::Yarn { factor, attn_factor, ext_factor, .. } if ext_factor != 0.0 => {
                attn_factor * (1.0 + 0.1 * libm::log(factor))
            }
            _ => 1.0,
        };
        let mut table = || room.filled(0.0, slice * half);
        Ok(Rope { pairing: c.pairing, magnitude, inverse, cos: table()?, sin: table()? })
    }

    /// Computes the angles of `n` positions from `first` on, for every layer to rotate by.
    pub(crate) fn slice(&mut self, first: usize, n: usize) {
        let half = self.inverse.len();
        let rows = self.cos.chunks_exact_mut(half).zip(self.sin.chunks_exact_mut(half));
        for (t, (cos, sin)) in rows.take(n).enumerate() {
            for (i, inverse) in self.inverse.iter().enumerate() {
                let theta = (first + t) as f64 * inverse;
                cos[i] = (libm::cos(theta) * self.magnitude) as f32;
                sin[i] = (libm::sin(theta) * self.magnitude) as f32;
            }
        }
    }

    /// Rotates one head of the slice's position `t`; dimensions past `rope_dims` stay.
    pub(crate) fn rotate(&self, t: usize, head: &mut [f32]) {
        let half = self.inverse.len();
        let (cos, sin) = (&self.cos[t * half..][..half], &self.sin[t * half..][..half]);
        match self.pairing {
            Pairing::Neox => {
                let (low, rest) = head.split_at_mut(half);
                turn_halves(low, rest, cos, sin);
            }
            Pairing::Norm => turn_pairs(head, cos, sin),
        }
    }
}

/// Frequency `i` after scaling. YaRN: source ggml `rope_yarn`, `ggml_rope_yarn_corr_dims`.
fn scaled(c: &Config, i: usize, plain: f64) -> f64 {
    match c.rope_scaling {
        RopeScaling::None => plain,
        RopeScaling::Linear { factor } => plain / factor,
        RopeScaling::Yarn { factor, original, beta_fast, beta_slow, ext_factor, .. } => {
            let n = c.rope_dims as f64;
            let turns = |beta: f64| libm::log(original / (beta * core::f64::consts::TAU));
            let dimension = |beta: f64| n * turns(beta) / (2.0 * libm::log(c.rope_base));
            let low = libm::fmax(0.0, libm::floor(dimension(beta_fast)));
            let high = libm::fmin(n - 1.0, libm::ceil(dimension(beta_slow)));
            let along = (i as f64 - low) / libm::fmax(0.001, high - low);
            let kept = (1.0 - along.clamp(0.0, 1.0)) * ext_factor;
            plain / factor * (1.0 - kept) + plain * kept
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The RoPE of a model of 8 rotated dimensions in heads of 16.
    fn rope(pairing: Pairing, rope_scaling: RopeScaling, factors: &[f32]) -> Rope {
        let config = Config { pairing, rope_scaling, ..Config::tiny() };
        Rope::new(&config, factors, 2, &mut Room::allocated()).unwrap()
    }

    fn turned(rope: &mut Rope, pos: usize) -> [f32; 16] {
        let mut head = core::array::from_fn(|i| i as f32 + 1.0);
        rope.slice(pos - pos.min(1), 2);
        rope.rotate(pos.min(1), &mut head);
        head
    }

    #[test]
    fn position_zero_and_unturned_dimensions_stay() {
        for pairing in [Pairing::Neox, Pairing::Norm] {
            let mut rope = rope(pairing, RopeScaling::None, &[]);
            let untouched: [f32; 16] = core::array::from_fn(|i| i as f32 + 1.0);
            assert_eq!(turned(&mut rope, 0), untouched);
            assert_eq!(turned(&mut rope, 5)[8..], untouched[8..]);
        }
    }

    #[test]
    fn pairings_turn_their_own_pairs() {
        let (c, s) = (2f64.cos(), 2f64.sin());
        let near = |found: f32, want: f64| assert!((f64::from(found) - want).abs() < 1e-6, "{found} {want}");
        let neox = turned(&mut rope(Pairing::Neox, RopeScaling::None, &[]), 2);
        near(neox[0], c - 5.0 * s);
        near(neox[4], s + 5.0 * c);
        let norm = turned(&mut rope(Pairing::Norm, RopeScaling::None, &[]), 2);
        near(norm[0], c - 2.0 * s);
        near(norm[1], s + 2.0 * c);
    }

    #[test]
    fn linear_scaling_and_factors_slow_the_turn() {
        let plain = turned(&mut rope(Pairing::Neox, RopeScaling::None, &[]), 1);
        let linear = RopeScaling::Linear { factor: 4.0 };
        assert_eq!(turned(&mut rope(Pairing::Neox, linear, &[]), 4), plain);
        assert_eq!(turned(&mut rope(Pairing::Neox, RopeScaling::None, &[4.0; 4]), 4), plain);
    }

    #[test]
    fn yarn_keeps_fast_pairs_divides_slow_ones_and_raises_the_magnitude() {
        let yarn = RopeScaling::Yarn {
            factor: 4.0,
            original: 64.0,
            attn_factor: 1.0,
            beta_fast: 32.0,
            beta_slow: 1.0,
            ext_factor: 1.0,
        };
        let rope = rope(Pairing::Neox, yarn, &[]);
        // dims 8, base 1e4, original 64: low = max(0, floor(8·ln(64/(32·2π))/(2 ln 1e4))) = 0,
        // high = ceil(8·ln(64/2π)/(2 ln 1e4)) = ceil(1.0079) = 2; pair 1 is half kept, pairs 2 and 3 divided.
        let want = [1.0, 0.1 * (0.5 + 0.5 / 4.0), 0.01 / 4.0, 0.001 / 4.0];
        for (found, want) in rope.inverse.iter().zip(want) {
            assert!((found - want).abs() < 1e-12, "{found} {want}");
        }
        assert!((rope.magnitude - 1.138_629_436).abs() < 1e-9);
    }
}
