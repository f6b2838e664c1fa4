//! The float operations between the linears (DESIGN.md of the kernels, Numerics).

use pocketbit_kernels::math::{exp, lane_sum};

use crate::config::Glu;

/// `out[i] = (x[i] · r) · weight[i]`, `r = 1/√(mean x² + eps)`. Source: RMSNorm (arXiv 1910.07467).
pub(crate) fn rms_norm(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32]) {
    let mean = lane_sum(x.len(), |i| x[i] * x[i]) / x.len() as f32;
    let r = 1.0 / libm::sqrtf(mean + eps);
    for ((o, x), w) in out.iter_mut().zip(x).zip(weight) {
        *o = (x * r) * w;
    }
}

/// cos and sin of `pos · base^(−2i/n)` for `i` in `0..n/2`; both out slices `[n/2]`. Source: RoPE (arXiv 2104.09864).
pub(crate) fn rope_angles(pos: usize, inverse: &[f64], cos: &mut [f32], sin: &mut [f32]) {
    for ((c, s), inverse) in cos.iter_mut().zip(sin).zip(inverse) {
        let theta = pos as f64 * inverse;
        *c = libm::cos(theta) as f32;
        *s = libm::sin(theta) as f32;
    }
}

/// Rotates one head, NEOX pairing `(i, i + n/2)`; `cos`, `sin` `[n/2]`.
pub(crate) fn rope_neox(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let half = cos.len();
    let (low, high) = head[..2 * half].split_at_mut(half);
    for i in 0..half {
        let (a, b) = (low[i], high[i]);
        low[i] = a * cos[i] - b * sin[i];
        high[i] = a * sin[i] + b * cos[i];
    }
}

/// `gate[i] = act(gate[i]) · up[i]`
pub(crate) fn glu(kind: Glu, gate: &mut [f32], up: &[f32]) {
    match kind {
        Glu::Silu => each(gate, up, |g, u| (g * (1.0 / (1.0 + exp(-g)))) * u),
        Glu::Relu2 => each(gate, up, |g, u| {
            let r = if g > 0.0 { g } else { 0.0 };
            (r * r) * u
        }),
    }
}

#[inline(always)]
fn each(gate: &mut [f32], up: &[f32], f: impl Fn(f32, f32) -> f32) {
    for (g, u) in gate.iter_mut().zip(up) {
        *g = f(*g, *u);
    }
}

/// `x[i] += y[i]`
pub(crate) fn add(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rms_norm_of_equal_values_is_the_weight() {
        let mut out = [0f32; 20];
        rms_norm(&[3.0; 20], &[0.5; 20], 1e-12, &mut out);
        assert!(out.iter().all(|o| (o - 0.5).abs() < 1e-6));
    }

    #[test]
    fn rope_keeps_norms_and_leaves_position_zero() {
        let inverse = [1.0, 0.01];
        let (mut cos, mut sin) = ([0f32; 2], [0f32; 2]);
        rope_angles(0, &inverse, &mut cos, &mut sin);
        let mut head = [1.0f32, 2.0, 3.0, 4.0, 5.0];
        rope_neox(&mut head, &cos, &sin);
        assert_eq!(head, [1.0, 2.0, 3.0, 4.0, 5.0]);
        rope_angles(3, &inverse, &mut cos, &mut sin);
        rope_neox(&mut head, &cos, &sin);
        assert!((head[0] * head[0] + head[2] * head[2] - 10.0).abs() < 1e-5);
        assert_eq!(head[4], 5.0);
    }

    #[test]
    fn glu_kinds() {
        let mut gate = [1.0f32, -1.0, 2.0];
        glu(Glu::Relu2, &mut gate, &[3.0, 3.0, 0.5]);
        assert_eq!(gate, [3.0, 0.0, 2.0]);
        glu(Glu::Silu, &mut gate, &[1.0; 3]);
        assert!((gate[0] - 2.857_722).abs() < 1e-5 && gate[1] == 0.0);
    }
}
