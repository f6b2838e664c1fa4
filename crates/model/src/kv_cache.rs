//! Keys and values of every layer and KV head: `[layer][kv head]`, each head's rows in one piece.
//!
//! Room for the whole context is reserved at the start and written as the context grows: memory that nothing has touched
//! costs a phone nothing.

use alloc::vec::Vec;

use pocketbit_kernels::attention::layout::{self, Depth, Side, BLOCK};
use pocketbit_kernels::attention::quant::quantize_row;
use pocketbit_kernels::attention::{attend, attend_f32, Active, CachedHead, Query, Scratch};
use pocketbit_kernels::line::{bytes, bytes_mut, Line};

use crate::config::{Config, KvKind, MAX_HEAD_DIM};
use crate::error::Error;
use crate::memory::{bytes_of, reserved, Room};

pub(crate) struct KvCache {
    keys: Store,
    values: Store,
    layers: usize,
    kv_heads: usize,
    head_dim: usize,
    /// multiplies q·k
    scale: f32,
}

/// How deep rows are quantised; `None` for f32.
fn depth_of(kind: KvKind) -> Option<Depth> {
    match kind {
        KvKind::F32 => None,
        KvKind::Int8 => Some(Depth::Eight),
        KvKind::Int4 => Some(Depth::Four),
    }
}

enum Store {
    /// `[layer][kv head]` of `[positions so far][head dim]`
    F32(Vec<Vec<f32>>),
    Packed(Packed),
}

/// Quantised rows in the layout of [`layout`].
struct Packed {
    side: Side,
    depth: Depth,
    /// `[layer][kv head]`
    heads: Vec<Head>,
}

/// Rows of one head, a scale each, as many whole blocks as were needed so far.
struct Head {
    lines: Vec<Line>,
    /// `[positions so far]`
    scales: Vec<f32>,
}

/// Positions a head's rows grow by.
const GROWTH: usize = 16 * BLOCK;

/// What attention of one KV head writes on the way.
pub(crate) struct AttentionScratch {
    scores: Vec<f32>,
    q16: Vec<i16>,
    queries: Vec<Query>,
}

impl KvCache {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let (keys, values) = (Store::new(config, Side::Keys)?, Store::new(config, Side::Values)?);
        let (layers, kv_heads, head_dim) = (config.layers, config.kv_heads, config.head_dim);
        Ok(KvCache { keys, values, layers, kv_heads, head_dim, scale: config.attention_scale })
    }

    /// Bytes of a cache of this config, all of its context.
    pub(crate) fn bytes_for(c: &Config) -> u64 {
        let head = match depth_of(c.kv) {
            None => c.context * c.head_dim * size_of::<f32>(),
            Some(depth) => {
                let (lines, scales) = Head::room(c, depth);
                lines * size_of::<Line>() + scales * size_of::<f32>()
            }
        };
        2 * c.layers as u64 * c.kv_heads as u64 * head as u64
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
            (Store::F32(k), Store::F32(v)) => {
                let at = ..len * self.head_dim;
                attend_f32::<Active>(q, &k[head][at], &v[head][at], self.scale, s, out);
            }
            (Store::Packed(k), Store::Packed(v)) => {
                if let (Some(keys), Some(values)) = (k.cached(head, self.head_dim), v.cached(head, self.head_dim)) {
                    attend::<Active>(q, (keys, values), len, self.scale, s, out);
                }
            }
            _ => {}
        }
    }
}

/// Saved contexts: for every layer, KV head and position a row of the key, then one of the value. A row is the f32 values,
/// or an f32 scale and the codes, two a byte (the even dimension in the low half, as value + 8) where they have four bits.
impl KvCache {
    /// Bytes of one position.
    pub(crate) fn saved_position_bytes(&self) -> usize {
        2 * self.heads() * self.keys.saved_bytes(self.head_dim)
    }

    /// Writes the rows of the first `n` positions.
    pub(crate) fn save(&self, n: usize, out: &mut [u8]) {
        let mut rows = out.chunks_exact_mut(self.keys.saved_bytes(self.head_dim));
        for (head, pos) in (0..self.heads()).flat_map(|head| (0..n).map(move |pos| (head, pos))) {
            for (store, row) in [&self.keys, &self.values].into_iter().zip(&mut rows) {
                store.save(head, pos, self.head_dim, row);
            }
        }
    }

    /// Says what is wrong with saved rows, if anything.
    pub(crate) fn check(&self, rows: &[u8]) -> Result<(), &'static str> {
        let sound = |row: &[u8]| self.keys.sound(self.head_dim, row);
        match rows.chunks_exact(self.keys.saved_bytes(self.head_dim)).all(sound) {
            true => Ok(()),
            false => Err("has a row with a value that none is saved with"),
        }
    }

    /// Puts checked rows of the first `n` positions back.
    pub(crate) fn restore(&mut self, n: usize, rows: &[u8]) {
        let mut rows = rows.chunks_exact(self.keys.saved_bytes(self.head_dim));
        for (head, pos) in (0..self.heads()).flat_map(|head| (0..n).map(move |pos| (head, pos))) {
            for (store, row) in [&mut self.keys, &mut self.values].into_iter().zip(&mut rows) {
                store.restore(head, pos, self.head_dim, row);
            }
        }
    }

    /// KV heads of all layers.
    fn heads(&self) -> usize {
        self.layers * self.kv_heads
    }
}

impl Store {
    fn new(c: &Config, side: Side) -> Result<Self, Error> {
        let heads = c.layers * c.kv_heads;
        let Some(depth) = depth_of(c.kv) else {
            let rows = (0..heads).map(|_| reserved(c.context * c.head_dim)).collect::<Result<_, _>>()?;
            return Ok(Store::F32(rows));
        };
        let heads = (0..heads).map(|_| Head::new(c, depth)).collect::<Result<_, _>>()?;
        Ok(Store::Packed(Packed { side, depth, heads }))
    }

    fn bytes(&self) -> usize {
        match self {
            Store::F32(heads) => heads.iter().map(bytes_of).sum(),
            Store::Packed(packed) => packed.heads.iter().map(|h| bytes_of(&h.lines) + bytes_of(&h.scales)).sum(),
        }
    }

    fn put(&mut self, head: usize, pos: usize, x: &[f32]) {
        match self {
            Store::F32(heads) => at_f32(heads, head, pos, x.len()).copy_from_slice(x),
            Store::Packed(packed) => {
                let mut buffer = [0i8; MAX_HEAD_DIM];
                let codes = &mut buffer[..x.len()];
                let scale = quantize_row(packed.depth, x, codes);
                packed.put(head, pos, codes, scale);
            }
        }
    }
}

/// Saved rows.
impl Store {
    fn saved_bytes(&self, head_dim: usize) -> usize {
        match self {
            Store::F32(_) => 4 * head_dim,
            Store::Packed(Packed { depth: Depth::Eight, .. }) => 4 + head_dim,
            Store::Packed(Packed { depth: Depth::Four, .. }) => 4 + head_dim.div_ceil(2),
        }
    }

    fn save(&self, head: usize, pos: usize, head_dim: usize, row: &mut [u8]) {
        match self {
            Store::F32(heads) => {
                let values = &heads[head][pos * head_dim..][..head_dim];
                row.chunks_exact_mut(4).zip(values).for_each(|(to, x)| to.copy_from_slice(&x.to_le_bytes()));
            }
            Store::Packed(packed) => {
                let (scale, codes) = row.split_at_mut(4);
                let own = &packed.heads[head];
                scale.copy_from_slice(&own.scales[pos].to_le_bytes());
                let mut buffer = [0i8; MAX_HEAD_DIM];
                let read = &mut buffer[..head_dim];
                layout::get(packed.side, packed.depth, own.blocks(packed.depth, head_dim), pos, read);
                write_codes(packed.depth, read, codes);
            }
        }
    }

    /// Whether a saved row holds finite floats, a scale that is not negative, and codes of the depth.
    fn sound(&self, head_dim: usize, row: &[u8]) -> bool {
        let Store::Packed(packed) = self else { return row.chunks_exact(4).all(|b| float(b).is_finite()) };
        let (scale, codes) = row.split_at(4);
        let mut buffer = [0i8; MAX_HEAD_DIM];
        let (read, max) = (&mut buffer[..head_dim], packed.depth.max());
        read_codes(packed.depth, codes, read);
        let scale = float(scale);
        scale.is_finite() && scale.is_sign_positive() && read.iter().all(|code| (-max..=max).contains(code))
    }

    fn restore(&mut self, head: usize, pos: usize, head_dim: usize, row: &[u8]) {
        match self {
            Store::F32(heads) => {
                let values = at_f32(heads, head, pos, head_dim);
                values.iter_mut().zip(row.chunks_exact(4)).for_each(|(x, b)| *x = float(b));
            }
            Store::Packed(packed) => {
                let (scale, codes) = row.split_at(4);
                let mut buffer = [0i8; MAX_HEAD_DIM];
                read_codes(packed.depth, codes, &mut buffer[..head_dim]);
                packed.put(head, pos, &buffer[..head_dim], float(scale));
            }
        }
    }
}

fn float(bytes: &[u8]) -> f32 {
    f32::from_bits(bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)))
}

fn write_codes(depth: Depth, codes: &[i8], to: &mut [u8]) {
    match depth {
        Depth::Eight => to.iter_mut().zip(codes).for_each(|(to, code)| *to = *code as u8),
        Depth::Four => {
            for (to, pair) in to.iter_mut().zip(codes.chunks(2)) {
                *to = pair.iter().rev().fold(0, |byte, code| byte << 4 | (code + 8) as u8);
            }
        }
    }
}

fn read_codes(depth: Depth, from: &[u8], codes: &mut [i8]) {
    match depth {
        Depth::Eight => codes.iter_mut().zip(from).for_each(|(code, from)| *code = *from as i8),
        Depth::Four => {
            for (from, pair) in from.iter().zip(codes.chunks_mut(2)) {
                pair.iter_mut().zip([from & 15, from >> 4]).for_each(|(code, four)| *code = four as i8 - 8);
            }
        }
    }
}

/// Row `pos` of a head, whose rows grow as far as that.
fn at_f32(heads: &mut [Vec<f32>], head: usize, pos: usize, head_dim: usize) -> &mut [f32] {
    let rows = &mut heads[head];
    if rows.len() < (pos + 1) * head_dim {
        let end = (pos + 1).next_multiple_of(GROWTH) * head_dim;
        rows.resize(end.min(rows.capacity()), 0.0);
    }
    &mut rows[pos * head_dim..][..head_dim]
}

impl Packed {
    fn put(&mut self, head: usize, pos: usize, codes: &[i8], scale: f32) {
        let own = &mut self.heads[head];
        own.grow(self.depth, codes.len(), pos + 1);
        layout::put(self.side, self.depth, own.blocks_mut(self.depth, codes.len()), pos, codes);
        own.scales[pos] = scale;
    }

    fn cached(&self, head: usize, head_dim: usize) -> Option<CachedHead<'_>> {
        let own = &self.heads[head];
        CachedHead::new(self.depth, head_dim, own.blocks(self.depth, head_dim), &own.scales)
    }
}

impl Head {
    fn new(c: &Config, depth: Depth) -> Result<Self, Error> {
        let (lines, scales) = Head::room(c, depth);
        Ok(Head { lines: reserved(lines)?, scales: reserved(scales)? })
    }

    /// Lines and scales of one head's keys, or values, over the whole context.
    fn room(c: &Config, depth: Depth) -> (usize, usize) {
        let positions = layout::positions(c.context);
        (Line::count(block_bytes(depth, c.head_dim, positions)), positions)
    }

    /// Makes room for `positions`, inside what is reserved.
    fn grow(&mut self, depth: Depth, head_dim: usize, positions: usize) {
        if self.scales.len() >= positions {
            return;
        }
        let positions = positions.next_multiple_of(GROWTH).min(self.scales.capacity() / BLOCK * BLOCK);
        self.scales.resize(positions, 0.0);
        self.lines.resize(Line::count(block_bytes(depth, head_dim, positions)), Line::filled(0));
    }

    fn blocks(&self, depth: Depth, head_dim: usize) -> &[u8] {
        &bytes(&self.lines)[..block_bytes(depth, head_dim, self.scales.len())]
    }

    fn blocks_mut(&mut self, depth: Depth, head_dim: usize) -> &mut [u8] {
        let size = block_bytes(depth, head_dim, self.scales.len());
        &mut bytes_mut(&mut self.lines)[..size]
    }
}

/// Bytes of a head's blocks for `positions`, a multiple of [`BLOCK`].
fn block_bytes(depth: Depth, head_dim: usize, positions: usize) -> usize {
    positions / BLOCK * depth.block_bytes(layout::width(head_dim))
}

impl AttentionScratch {
    pub(crate) fn new(c: &Config, room: &mut Room) -> Result<Self, Error> {
        let group = c.heads / c.kv_heads;
        Ok(AttentionScratch {
            scores: room.filled(0.0, group * layout::positions(c.context))?,
            q16: room.filled(0, group * layout::width(c.head_dim))?,
            queries: room.filled(Query::default(), group)?,
        })
    }
}
