//! Norms and gates by a model's choice of them (DESIGN.md of the kernels, Numerics).

use pocketbit_kernels::active::dot_f32;
use pocketbit_kernels::float::{relu2_gate, scale_by, silu_gate};

use crate::config::Glu;

/// `x[i] = (x[i] · r) · weight[i]`, `r = 1/√(mean x² + eps)`. Source: RMSNorm (arXiv 1910.07467).
pub(crate) fn rms_norm(x: &mut [f32], weight: &[f32], eps: f32) {
    let mean = dot_f32(x, x) / x.len() as f32;
    scale_by(x, 1.0 / libm::sqrtf(mean + eps), weight);
}

/// `gate[i] = act(gate[i]) · up[i]`
pub(crate) fn glu(kind: Glu, gate: &mut [f32], up: &[f32]) {
    match kind {
        Glu::Silu => silu_gate(gate, up),
        Glu::Relu2 => relu2_gate(gate, up),
    }
}

/// `x[i] *= factor`, nothing for 1.
pub(crate) fn scale(x: &mut [f32], factor: f32) {
    if factor != 1.0 {
        pocketbit_kernels::float::scale(x, factor);
    }
}

/// RMS-normalises each head of `heads` `[n][weight.len()]` in place.
pub(crate) fn norm_heads(heads: &mut [f32], weight: &[f32], eps: f32) {
    heads.chunks_exact_mut(weight.len()).for_each(|head| rms_norm(head, weight, eps));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rms_norm_of_equal_values_is_the_weight() {
        let mut x = [3f32; 20];
        rms_norm(&mut x, &[0.5; 20], 1e-12);
        assert!(x.iter().all(|o| (o - 0.5).abs() < 1e-6));
    }
}
