//! Keys and values of every layer and KV head: `[layer][kv head][context][head dim]`.

use alloc::vec::Vec;

use pocketbit_kernels::attention::{attend_f32, attend_i8, Int8Cache};
use pocketbit_kernels::matrix::Activation;
use pocketbit_kernels::quant::quantize;

use crate::config::{Config, KvKind, MAX_HEAD_DIM};
use crate::error::Error;
use crate::memory::{bytes_of, filled};

pub(crate) struct KvCache {
    keys: Rows,
    values: Rows,
    context: usize,
    kv_heads: usize,
    head_dim: usize,
    /// multiplies q·k
    scale: f32,
}

enum Rows {
    F32(Vec<f32>),
    /// int8 rows and a scale each
    Int8(Vec<i8>, Vec<f32>),
}

impl KvCache {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let rows = config.layers * config.kv_heads * config.context;
        let make = || Rows::new(config.kv, rows, config.head_dim);
        let (context, kv_heads, head_dim) = (config.context, config.kv_heads, config.head_dim);
        Ok(KvCache { keys: make()?, values: make()?, context, kv_heads, head_dim, scale: config.attention_scale })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.keys.bytes() + self.values.bytes()
    }

    /// Stores one position's `k` and `v` `[kv_heads][head_dim]`.
    pub(crate) fn append(&mut self, layer: usize, pos: usize, k: &[f32], v: &[f32]) {
        for head in 0..self.kv_heads {
            let row = (layer * self.kv_heads + head) * self.context + pos;
            let at = head * self.head_dim..(head + 1) * self.head_dim;
            self.keys.store(row, &k[at.clone()]);
            self.values.store(row, &v[at]);
        }
    }

    /// Attention of one query head `q` `[head_dim]` over the first `len` positions; `scores` scratch `[≥ len]`.
    pub(crate) fn attend(&self, layer: usize, head: usize, len: usize, q: &[f32], scores: &mut [f32], out: &mut [f32]) {
        let first = (layer * self.kv_heads + head) * self.context;
        let inv_sqrt = self.scale;
        let scores = &mut scores[..len];
        match (&self.keys, &self.values) {
            (Rows::F32(k), Rows::F32(v)) => {
                let at = first * self.head_dim..(first + len) * self.head_dim;
                attend_f32(q, &k[at.clone()], &v[at], inv_sqrt, scores, out);
            }
            (keys, values) => {
                let mut buffer = [0i8; MAX_HEAD_DIM];
                let q8 = &mut buffer[..self.head_dim];
                let (scale, sum) = quantize(q, q8);
                let q = Activation { q: q8, scale, sum };
                attend_i8(q, keys.int8(first, len), values.int8(first, len), inv_sqrt, scores, out);
            }
        }
    }
}

impl Rows {
    fn new(kind: KvKind, rows: usize, head_dim: usize) -> Result<Self, Error> {
        Ok(match kind {
            KvKind::F32 => Rows::F32(filled(0.0, rows * head_dim)?),
            KvKind::Int8 => Rows::Int8(filled(0, rows * head_dim)?, filled(0.0, rows)?),
        })
    }

    fn bytes(&self) -> usize {
        match self {
            Rows::F32(values) => bytes_of(values),
            Rows::Int8(values, scales) => bytes_of(values) + bytes_of(scales),
        }
    }

    fn store(&mut self, row: usize, x: &[f32]) {
        let at = row * x.len()..(row + 1) * x.len();
        match self {
            Rows::F32(values) => values[at].copy_from_slice(x),
            Rows::Int8(values, scales) => scales[row] = quantize(x, &mut values[at]).0,
        }
    }

    /// `len` rows from `first`; empty for an f32 cache, which the caller never asks.
    fn int8(&self, first: usize, len: usize) -> Int8Cache<'_> {
        match self {
            Rows::F32(_) => Int8Cache { values: &[], scales: &[] },
            Rows::Int8(values, scales) => {
                let width = values.len() / scales.len();
                Int8Cache { values: &values[first * width..(first + len) * width], scales: &scales[first..first + len] }
            }
        }
    }
}
