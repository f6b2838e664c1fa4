//! All scratch of a forward pass, allocated once.

use alloc::vec::Vec;

use crate::config::Config;
use crate::error::Error;
use crate::kv_cache::AttentionScratch;
use crate::memory::{bytes_of, filled};
use crate::rope::Rope;
use crate::staged::Staged;
use crate::weights::Weights;

/// Tokens that go through the layers together.
pub(crate) const SLICE: usize = 64;

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
            staged: Staged::new(widest, per_group)?,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats = [&self.x, &self.q, &self.attn, &self.k, &self.v, &self.gate, &self.up, &self.delta];
        let rows = floats.into_iter().chain([&self.logits]).map(bytes_of).sum::<usize>();
        rows + self.attention.bytes() + self.rope.bytes() + self.staged.bytes()
    }
}
