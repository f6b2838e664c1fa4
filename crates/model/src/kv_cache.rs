//! Keys and values of every layer and KV head: `[layer][kv head]`, each head's rows in one piece.

use alloc::vec::Vec;

use pocketbit_kernels::attention::layout::{self, Depth, Side, BLOCK};
use pocketbit_kernels::attention::quant::quantize_row;
use pocketbit_kernels::attention::{attend, attend_f32, Active, Query, Rows, Scratch};
use pocketbit_kernels::line::{bytes, bytes_mut, Line};

use crate::config::{Config, KvKind, MAX_HEAD_DIM};
use crate::error::Error;
use crate::memory::{bytes_of, filled};

pub(crate) struct KvCache {
    keys: Store,
    values: Store,
    kv_heads: usize,
    head_dim: usize,
    /// multiplies q·k
    scale: f32,
}

enum Store {
    F32 {
        /// `[layer][kv head][context][head dim]`
        rows: Vec<f32>,
        context: usize,
    },
    Packed(Packed),
}

/// Quantised rows in the layout of [`layout`], a scale each.
struct Packed {
    side: Side,
    depth: Depth,
    lines: Vec<Line>,
    /// `[layer][kv head][positions]`
    scales: Vec<f32>,
    /// of one head, whole blocks
    positions: usize,
}

/// What attention of one KV head writes on the way.
pub(crate) struct AttentionScratch {
    scores: Vec<f32>,
    q16: Vec<i16>,
    queries: Vec<Query>,
}

impl KvCache {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let (keys, values) = (Store::new(config, Side::Keys)?, Store::new(config, Side::Values)?);
        let (kv_heads, head_dim) = (config.kv_heads, config.head_dim);
        Ok(KvCache { keys, values, kv_heads, head_dim, scale: config.attention_scale })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.keys.bytes() + self.values.bytes()
    }

    /// Stores one position's `k` and `v` `[kv_heads][head_dim]`.
    pub(crate) fn append(&mut self, layer: usize, pos: usize, k: &[f32], v: &[f32]) {
        let rows = k.chunks_exact(self.head_dim).zip(v.chunks_exact(self.head_dim));
        for (head, (k, v)) in rows.enumerate() {
            self.keys.put(layer * self.kv_heads + head, pos, k);
            self.values.put(layer * self.kv_heads + head, pos, v);
        }
    }

    /// Attention of all query heads `q` `[heads][head_dim]` of one KV head over the first `len` positions.
    pub(crate) fn attend(
        &self,
        (layer, head): (usize, usize),
        len: usize,
        q: &[f32],
        s: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let head = layer * self.kv_heads + head;
        let s = &mut Scratch { scores: &mut s.scores, q16: &mut s.q16, queries: &mut s.queries };
        match (&self.keys, &self.values) {
            (Store::F32 { rows: k, context }, Store::F32 { rows: v, .. }) => {
                let at = head * context * self.head_dim..(head * context + len) * self.head_dim;
                attend_f32::<Active>(q, &k[at.clone()], &v[at], self.scale, s, out);
            }
            (Store::Packed(k), Store::Packed(v)) => {
                if let (Some(keys), Some(values)) = (k.rows(head, self.head_dim), v.rows(head, self.head_dim)) {
                    attend::<Active>(q, (keys, values), len, self.scale, s, out);
                }
            }
            _ => {}
        }
    }
}

impl Store {
    fn new(c: &Config, side: Side) -> Result<Self, Error> {
        let heads = c.layers * c.kv_heads;
        let depth = match c.kv {
            KvKind::F32 => {
                let rows = filled(0.0, heads * c.context * c.head_dim)?;
                return Ok(Store::F32 { rows, context: c.context });
            }
            KvKind::Int8 => Depth::Eight,
            KvKind::Int4 => Depth::Four,
        };
        let positions = layout::positions(c.context);
        let bytes = heads * positions / BLOCK * depth.block_bytes(layout::width(c.head_dim));
        let (lines, scales) = (filled(Line::filled(0), Line::count(bytes))?, filled(0.0, heads * positions)?);
        Ok(Store::Packed(Packed { side, depth, lines, scales, positions }))
    }

    fn bytes(&self) -> usize {
        match self {
            Store::F32 { rows, .. } => bytes_of(rows),
            Store::Packed(packed) => bytes_of(&packed.lines) + bytes_of(&packed.scales),
        }
    }

    fn put(&mut self, head: usize, pos: usize, x: &[f32]) {
        match self {
            Store::F32 { rows, context } => {
                rows[(head * *context + pos) * x.len()..][..x.len()].copy_from_slice(x);
            }
            Store::Packed(packed) => {
                let mut buffer = [0i8; MAX_HEAD_DIM];
                let codes = &mut buffer[..x.len()];
                let scale = quantize_row(packed.depth, x, codes);
                packed.put(head, pos, codes, scale);
            }
        }
    }
}

impl Packed {
    /// Bytes of one head.
    fn head_bytes(&self, head_dim: usize) -> usize {
        self.positions / BLOCK * self.depth.block_bytes(layout::width(head_dim))
    }

    fn put(&mut self, head: usize, pos: usize, codes: &[i8], scale: f32) {
        let size = self.head_bytes(codes.len());
        layout::put(self.side, self.depth, &mut bytes_mut(&mut self.lines)[head * size..][..size], pos, codes);
        self.scales[head * self.positions + pos] = scale;
    }

    fn rows(&self, head: usize, head_dim: usize) -> Option<Rows<'_>> {
        let size = self.head_bytes(head_dim);
        let scales = &self.scales[head * self.positions..][..self.positions];
        Rows::new(self.depth, head_dim, &bytes(&self.lines)[head * size..][..size], scales)
    }
}

impl AttentionScratch {
    pub(crate) fn new(c: &Config) -> Result<Self, Error> {
        let group = c.heads / c.kv_heads;
        Ok(AttentionScratch {
            scores: filled(0.0, group * layout::positions(c.context))?,
            q16: filled(0, group * layout::width(c.head_dim))?,
            queries: filled(Query::default(), group)?,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        bytes_of(&self.scores) + bytes_of(&self.q16) + bytes_of(&self.queries)
    }
}
