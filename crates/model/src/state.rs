//! All scratch of a forward pass, allocated once.

use alloc::vec::Vec;

use crate::config::Config;
use crate::error::Error;
use crate::kv_cache::AttentionScratch;
use crate::memory::Room;
use crate::rope::Rope;
use crate::staged::{Staged, SLICE};

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
    /// Scratch for a model of this config; `rope_factors` `[rope_dims / 2]` or empty, `per_group` where any matrix reads
    /// activations quantised per group.
    pub(crate) fn new(c: &Config, rope_factors: &[f32], per_group: bool, room: &mut Room) -> Result<Self, Error> {
        let mut wide = |width: usize| room.filled(0f32, SLICE * width);
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
            attention: AttentionScratch::new(c, room)?,
            logits: room.filled(0.0, c.vocab)?,
            rope: Rope::new(c, rope_factors, SLICE, room)?,
            staged: Staged::new(widest, per_group, room)?,
        })
    }
}
