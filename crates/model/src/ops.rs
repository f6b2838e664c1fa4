//! The float operations between the linears (DESIGN.md of the kernels, Numerics).

use pocketbit_kernels::active::dot_f32;
use pocketbit_kernels::math::{exp, positive};

use crate::config::Glu;

/// `out[i] = (x[i] · r) · weight[i]`, `r = 1/√(mean x² + eps)`. Source: RMSNorm (arXiv 1910.07467).
pub(crate) fn rms_norm(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32]) {
    let r = inverse_rms(x, eps);
    for ((o, x), w) in out.iter_mut().zip(x).zip(weight) {
        *o = (x * r) * w;
    }
}

fn inverse_rms(x: &[f32], eps: f32) -> f32 {
    let mean = dot_f32(x, x) / x.len() as f32;
    1.0 / libm::sqrtf(mean + eps)
}

/// `gate[i] = act(gate[i]) · up[i]`
pub(crate) fn glu(kind: Glu, gate: &mut [f32], up: &[f32]) {
    match kind {
        Glu::Silu => each(gate, up, |g, u| (g * (1.0 / (1.0 + exp(-g)))) * u),
        Glu::Relu2 => each(gate, up, |g, u| {
            let r = positive(g);
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

/// `x[i] += y[i] · scale`
pub(crate) fn add_scaled(x: &mut [f32], y: &[f32], scale: f32) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y * scale;
    }
}

/// `x[i] *= factor`, nothing for 1.
pub(crate) fn scale(x: &mut [f32], factor: f32) {
    if factor != 1.0 {
        x.iter_mut().for_each(|x| *x *= factor);
    }
}

/// RMS-normalises each head of `heads` `[n][weight.len()]` in place.
pub(crate) fn norm_heads(heads: &mut [f32], weight: &[f32], eps: f32) {
    for head in heads.chunks_exact_mut(weight.len()) {
        let r = inverse_rms(head, eps);
        for (h, w) in head.iter_mut().zip(weight) {
            *h = (*h * r) * w;
        }
    }
}

/// Whether no value is infinite or NaN; without a branch, so that it compiles to vectors.
pub(crate) fn all_finite(x: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    !x.iter().fold(false, |bad, v| bad | (v.to_bits() & EXPONENT == EXPONENT))
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
    fn glu_kinds() {
        let mut gate = [1.0f32, -1.0, 2.0];
        glu(Glu::Relu2, &mut gate, &[3.0, 3.0, 0.5]);
        assert_eq!(gate, [3.0, 0.0, 2.0]);
        glu(Glu::Silu, &mut gate, &[1.0; 3]);
        assert!((gate[0] - 2.857_722).abs() < 1e-5 && gate[1] == 0.0);
    }
}
