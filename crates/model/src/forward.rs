//! The forward pass, top to bottom.

use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

use pocketbit_kernels::float::{add_scaled, all_finite};

use crate::config::{Activations, Config};
use crate::error::{Error, Kind};
use crate::kv_cache::KvCache;
use crate::memory::{bytes_of, copied, reserve, Room};
use crate::ops::{glu, norm_heads, scale};
use crate::sampler::{Sampler, SamplerOptions};
use crate::saved;
use crate::staged::SLICE;
use crate::state::State;
use crate::weights::Weights;

/// A loaded model with its context.
pub struct Model {
    config: Config,
    weights: Weights,
    cache: KvCache,
    state: State,
    scratch_bytes: usize,
    sampler: Sampler,
    /// ids of the context, one a cached position
    ids: Vec<u32>,
    pending: Option<Pending>,
}

/// Ids on their way into the context.
struct Pending {
    ids: Vec<u32>,
    /// length of the context before them
    start: usize,
    /// layers that the open slice has been through
    layer: usize,
}

impl Model {
    pub(crate) fn new(config: Config, weights: Weights) -> Result<Self, Error> {
        let cache = KvCache::new(&config)?;
        let mut room = Room::allocated();
        let state = State::new(&config, &weights.rope_factors, weights.per_group(), &mut room)?;
        let sampler = Sampler::new(SamplerOptions::GREEDY);
        let scratch_bytes = room.bytes() as usize;
        Ok(Model { config, weights, cache, state, scratch_bytes, sampler, ids: Vec::new(), pending: None })
    }

    /// Appends `ids` to the context and computes the logits that follow the last of them. Cut into calls anywhere, the
    /// bits are the same. On an error nothing is appended.
    pub fn forward(&mut self, ids: &[u32]) -> Result<(), Error> {
        self.begin(ids)?;
        while !self.advance(usize::MAX)? {}
        Ok(())
    }

    /// [`Model::forward`] in pieces: takes the ids, [`Model::advance`] computes. Anything else that changes the context
    /// drops what is not finished.
    pub fn begin(&mut self, ids: &[u32]) -> Result<(), Error> {
        self.pending = None;
        self.check(ids)?;
        self.state.staged.sound = true;
        reserve(&mut self.ids, ids.len())?;
        self.pending = Some(Pending { ids: copied(ids)?, start: self.ids.len(), layer: 0 });
        Ok(())
    }

    /// Takes up to [`SLICE`] of the ids begun with through at most `layers` layers; true once all are in the context and
    /// the logits computed.
    pub fn advance(&mut self, layers: usize) -> Result<bool, Error> {
        let Some(mut pending) = self.pending.take() else {
            return Err(Error::new(Kind::Unsupported, "nothing to advance; begin with ids first"));
        };
        let rest = &pending.ids[self.ids.len() - pending.start..];
        let slice = &rest[..rest.len().min(SLICE)];
        if pending.layer == 0 {
            self.embed(slice);
        }
        let end = pending.layer.saturating_add(layers.max(1)).min(self.config.layers);
        self.layers(slice.len(), pending.layer..end);
        pending.layer = end;
        if end == self.config.layers {
            let (row, last) = (slice.len() - 1, slice.len() == rest.len());
            self.ids.extend_from_slice(slice);
            pending.layer = 0;
            if last {
                return self.finish(pending.start, row).map(|()| true);
            }
        }
        self.pending = Some(pending);
        Ok(false)
    }

    /// Logits of the open slice's `row`; what was appended from `start` on goes again if they are unsound.
    fn finish(&mut self, start: usize, row: usize) -> Result<(), Error> {
        self.head(row);
        if self.state.staged.sound && all_finite(&self.state.logits) {
            return Ok(());
        }
        self.truncate(start);
        let message = "activations are not finite: a scale or a norm of this model is too large; expected below 2^128";
        Err(Error::bad_model(message))
    }

    /// Logits after the last forwarded id, `[vocab]`.
    pub fn logits(&self) -> &[f32] {
        &self.state.logits
    }

    /// Sets how [`Model::sample`] chooses and restarts its random stream.
    pub fn set_sampler(&mut self, options: SamplerOptions) {
        self.sampler = Sampler::new(options);
    }

    /// Where the sampler's random stream stands.
    pub fn sampler_state(&self) -> u64 {
        self.sampler.state()
    }

    /// Sets the random stream of the sampler, whose options are set before.
    pub fn restore_sampler(&mut self, state: u64) {
        self.sampler.set_state(state);
    }

    /// The next token by the current logits; it is not appended.
    /// Errors: `out-of-memory`.
    pub fn sample(&mut self) -> Result<u32, Error> {
        self.sampler.sample(&self.state.logits, &self.ids)
    }

    /// Drops all but the first `length` positions.
    pub fn truncate(&mut self, length: usize) {
        self.pending = None;
        self.ids.truncate(length);
    }

    /// The context as bytes: ids, keys and values, not the logits. Same context, same bytes.
    pub fn save_context(&self) -> Result<Vec<u8>, Error> {
        saved::save(&self.config, &self.cache, &self.ids)
    }

    /// Replaces the context by a saved one; what is forwarded then gets the bits it would have got. The logits are 0 until
    /// then: a caller that needs those after the last id truncates by it and forwards it. On an error nothing changes.
    pub fn restore_context(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.ids = saved::restore(&self.config, &mut self.cache, bytes)?;
        self.pending = None;
        self.state.logits.fill(0.0);
        Ok(())
    }

    /// Bytes of the longest context that [`Model::restore_context`] takes.
    pub fn longest_saved(&self) -> usize {
        saved::saved_bytes(&self.cache, self.config.context)
    }

    /// Ids of the context.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Bytes of weights, cache and scratch.
    pub fn resident_bytes(&self) -> usize {
        self.weights.bytes() + self.cache.bytes() + self.scratch_bytes + bytes_of(&self.ids)
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    fn check(&self, ids: &[u32]) -> Result<(), Error> {
        let (vocab, context, length) = (self.config.vocab, self.config.context, self.ids.len());
        if ids.is_empty() {
            return Err(Error::new(Kind::Unsupported, "no token to forward; at least one is needed"));
        }
        if let Some(id) = ids.iter().find(|id| **id as usize >= vocab) {
            return Err(Error::new(Kind::Unsupported, format!("token {id}; this model's vocabulary has {vocab}")));
        }
        if ids.len() > context - length {
            let n = ids.len();
            let message =
                format!("{length} positions are taken and {n} more were asked for; the context holds {context}");
            return Err(Error::new(Kind::ContextFull, message));
        }
        Ok(())
    }

    /// Residual rows of up to [`SLICE`] ids into `state.x`, and their RoPE angles.
    fn embed(&mut self, ids: &[u32]) {
        let Model { config: c, weights, state: s, .. } = self;
        s.rope.slice(self.ids.len(), ids.len());
        for (id, x) in ids.iter().zip(s.x.chunks_exact_mut(c.dim)) {
            weights.embedding.row(*id as usize, x);
            scale(x, c.embedding_scale);
        }
    }

    /// Takes the first `n` rows of `state.x` through these layers.
    fn layers(&mut self, n: usize, layers: Range<usize>) {
        let Model { config: c, weights, cache, state: s, .. } = self;
        let first = self.ids.len();
        let int8 = c.activations == Activations::Int8;
        let group = c.heads / c.kv_heads * c.head_dim;
        let (dim, q_dim, kv_dim, ffn, hd) = (c.dim, c.q_dim(), c.kv_dim(), c.ffn, c.head_dim);
        for (l, w) in weights.layers.iter().enumerate().take(layers.end).skip(layers.start) {
            // n1 = RMS(x); q, k, v of it
            s.staged.stage(&s.x[..n * dim], dim, &w.attn_norm, c.rms_eps, int8);
            s.staged.linear(&w.q, &mut s.q[..n * q_dim]);
            s.staged.linear(&w.k, &mut s.k[..n * kv_dim]);
            s.staged.linear(&w.v, &mut s.v[..n * kv_dim]);
            for t in 0..n {
                let (q, k) = (&mut s.q[t * q_dim..][..q_dim], &mut s.k[t * kv_dim..][..kv_dim]);
                if c.qk_norm {
                    norm_heads(q, &w.q_norm, c.rms_eps);
                    norm_heads(k, &w.k_norm, c.rms_eps);
                }
                for head in q.chunks_exact_mut(hd).chain(k.chunks_exact_mut(hd)) {
                    s.rope.rotate(t, head);
                }
                cache.append(l, first + t, k, &s.v[t * kv_dim..][..kv_dim]);
            }
            // One KV head at a time: its rows stay in the nearest cache for every token of the slice.
            for (head, t) in (0..c.kv_heads).flat_map(|head| (0..n).map(move |t| (head, t))) {
                let at = t * q_dim + head * group..t * q_dim + (head + 1) * group;
                cache.attend((l, head), first + t + 1, &s.q[at.clone()], &mut s.attention, &mut s.attn[at]);
            }
            // x += Wo · RMS(attention)
            s.staged.stage(&s.attn[..n * q_dim], q_dim, &w.attn_sub_norm, c.rms_eps, int8);
            s.staged.linear(&w.output, &mut s.delta[..n * dim]);
            add_scaled(&mut s.x[..n * dim], &s.delta, c.residual_scale);
            // x += Wdown · RMS(act(Wgate n2) ⊙ Wup n2), n2 = RMS(x)
            s.staged.stage(&s.x[..n * dim], dim, &w.ffn_norm, c.rms_eps, int8);
            s.staged.linear(&w.gate, &mut s.gate[..n * ffn]);
            s.staged.linear(&w.up, &mut s.up[..n * ffn]);
            glu(c.glu, &mut s.gate[..n * ffn], &s.up);
            s.staged.stage(&s.gate[..n * ffn], ffn, &w.ffn_sub_norm, c.rms_eps, int8);
            s.staged.linear(&w.down, &mut s.delta[..n * dim]);
            add_scaled(&mut s.x[..n * dim], &s.delta, c.residual_scale);
        }
    }

    /// logits = head · RMS(x[row])
    fn head(&mut self, row: usize) {
        let Model { config: c, weights, state: s, .. } = self;
        s.staged.stage(&s.x[row * c.dim..][..c.dim], c.dim, &weights.output_norm, c.rms_eps, true);
        let table = weights.output.as_ref().unwrap_or(&weights.embedding);
        s.staged.head(table, &mut s.logits);
        scale(&mut s.logits, c.logit_scale);
    }
}
