//! All scratch of a forward pass, allocated once.

use alloc::vec::Vec;

use pocketbit_kernels::matrix::Activation;
use pocketbit_kernels::quant::quantize;

use crate::config::Config;
use crate::error::Error;
use crate::kv_cache::AttentionScratch;
use crate::memory::{bytes_of, filled};
use crate::ops::rms_norm;
use crate::rope::Rope;
use crate::weights::{Input, Linear, Rows, Scratch, Weights, ACTIVATION_GROUP};

/// Tokens that go through the layers together.
pub(crate) const SLICE: usize = 32;
/// Smallest group of weights with a scale (Q2_0).
const SMALLEST_GROUP: usize = 64;

pub(crate) struct State {
    /// residual stream `[SLICE][dim]`
    pub x: Vec<f32>,
    /// queries, then attention output `[SLICE][q_dim]`
    pub q: Vec<f32>,
    pub attn: Vec<f32>,
    /// `[SLICE][kv_dim]`
    pub k: Vec<f32>,
    pub v: Vec<f32>,
    /// `[SLICE][ffn]`
    pub gate: Vec<f32>,
    pub up: Vec<f32>,
    /// what a block adds to the residual stream `[SLICE][dim]`
    pub delta: Vec<f32>,
    pub attention: AttentionScratch,
    /// `[vocab]`
    pub logits: Vec<f32>,
    pub rope: Rope,
    pub staged: Staged,
}

/// Rows normalised and quantised once for all linears that read them.
pub(crate) struct Staged {
    /// `[SLICE][k]` for the widest k
    x: Vec<f32>,
    q8: Vec<i8>,
    /// scale and sum of each row of `q8` `[SLICE]`
    rows: Vec<(f32, i32)>,
    /// the same rows quantised per [`ACTIVATION_GROUP`], and their scales `[SLICE][k / 128 rounded up]`; empty where
    /// no weight asks for them
    g8: Vec<i8>,
    g_scales: Vec<f32>,
    scratch: Scratch,
}

impl State {
    pub(crate) fn new(c: &Config, weights: &Weights) -> Result<Self, Error> {
        let per_group = weights.per_group();
        let wide = |width: usize| filled(0f32, SLICE * width);
        let widest = c.dim.max(c.q_dim()).max(c.ffn);
        Ok(State {
            x: wide(c.dim)?,
            q: wide(c.q_dim())?,
            attn: wide(c.q_dim())?,
            k: wide(c.kv_dim())?,
            v: wide(c.kv_dim())?,
            gate: wide(c.ffn)?,
            up: wide(c.ffn)?,
            delta: wide(c.dim)?,
            attention: AttentionScratch::new(c)?,
            logits: filled(0.0, c.vocab)?,
            rope: Rope::new(c, &weights.rope_factors, SLICE)?,
            staged: Staged {
                x: wide(widest)?,
                q8: filled(0, SLICE * widest)?,
                rows: filled((0.0, 0), SLICE)?,
                g8: filled(0, if per_group { SLICE * widest } else { 0 })?,
                g_scales: filled(0.0, if per_group { SLICE * widest.div_ceil(ACTIVATION_GROUP) } else { 0 })?,
                scratch: Scratch {
                    bits: filled(0, widest.div_ceil(8))?,
                    scales: filled(0.0, widest.div_ceil(SMALLEST_GROUP))?,
                    sums: filled(0, widest.div_ceil(SMALLEST_GROUP))?,
                },
            },
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats = [&self.x, &self.q, &self.attn, &self.k, &self.v, &self.gate, &self.up, &self.delta];
        let rows = floats.into_iter().chain([&self.logits]).map(bytes_of).sum::<usize>();
        rows + self.attention.bytes() + self.rope.bytes() + self.staged.bytes()
    }
}

impl Staged {
    /// Stages `rows` `[n][k]` as they are, or RMS-normalised where `norm` `[k]` is given; quantised where `int8` says that
    /// what reads them wants it.
    pub(crate) fn stage(&mut self, rows: &[f32], k: usize, norm: &[f32], eps: f32, int8: bool) {
        for (t, row) in rows.chunks_exact(k).enumerate() {
            let x = &mut self.x[t * k..(t + 1) * k];
            if norm.is_empty() {
                x.copy_from_slice(row);
            } else {
                rms_norm(row, norm, eps, x);
            }
            if !int8 {
                continue;
            }
            self.rows[t] = quantize(x, &mut self.q8[t * k..(t + 1) * k]);
            if !self.g8.is_empty() {
                let groups = k.div_ceil(ACTIVATION_GROUP);
                let scales = &mut self.g_scales[t * groups..(t + 1) * groups];
                let q = self.g8[t * k..(t + 1) * k].chunks_mut(ACTIVATION_GROUP);
                for ((x, q), scale) in x.chunks(ACTIVATION_GROUP).zip(q).zip(scales) {
                    *scale = quantize(x, q).0;
                }
            }
        }
    }

    /// `out[t] = w · row t` for each of the staged rows of width `k` that `out` `[n][rows]` has room for.
    pub(crate) fn linear(&mut self, w: &Linear, k: usize, out: &mut [f32]) {
        for (t, y) in out.chunks_exact_mut(w.rows()).enumerate() {
            let (input, scratch) = self.input(t, k);
            w.apply(input, scratch, y);
        }
    }

    /// `y = rows · row 0`
    pub(crate) fn head(&mut self, rows: &Rows, k: usize, y: &mut [f32]) {
        let (input, scratch) = self.input(0, k);
        rows.apply(input, scratch, y);
    }

    /// Staged row `t` of width `k`, and the scratch a linear may use.
    fn input(&mut self, t: usize, k: usize) -> (Input<'_>, &mut Scratch) {
        let (scale, sum) = self.rows[t];
        let (at, groups) = (t * k..(t + 1) * k, k.div_ceil(ACTIVATION_GROUP));
        let grouped = match self.g8.is_empty() {
            true => (&[][..], &[][..]),
            false => (&self.g8[at.clone()], &self.g_scales[t * groups..(t + 1) * groups]),
        };
        let int8 = Activation { q: &self.q8[at.clone()], scale, sum };
        (Input { x: &self.x[at], int8, grouped }, &mut self.scratch)
    }

    fn bytes(&self) -> usize {
        let scratch = bytes_of(&self.scratch.bits) + bytes_of(&self.scratch.scales) + bytes_of(&self.scratch.sums);
        let int8 = bytes_of(&self.q8) + bytes_of(&self.g8) + bytes_of(&self.rows);
        int8 + bytes_of(&self.x) + bytes_of(&self.g_scales) + scratch
    }
}
