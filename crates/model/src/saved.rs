//! A context as bytes: what a caller keeps to go on where a closed page stopped.
//!
//! Little-endian: magic, version, the shape (see [`shape`]), positions `n`, ids `[n]`, then for every layer, KV head and
//! position a row of the key and one of the value (see [`KvCache::save`]), and a checksum. Bytes that come back are
//! hostile until proved: all is checked before anything changes.

use alloc::format;
use alloc::vec::Vec;

use crate::config::{Config, KvKind};
use crate::error::{Error, Kind};
use crate::kv_cache::KvCache;
use crate::memory::filled;

const MAGIC: u32 = u32::from_le_bytes(*b"PBKV");
const VERSION: u32 = 1;
/// Magic, version, shape, positions.
const HEADER_BYTES: usize = 4 * (3 + SHAPE.len());
const CHECKSUM_BYTES: usize = 8;
/// Names of the numbers of [`shape`].
const SHAPE: [&str; 10] = [
    "vocabulary",
    "width",
    "layers",
    "heads",
    "KV heads",
    "head dim",
    "feed-forward width",
    "RoPE dims",
    "RoPE base",
    "KV kind",
];

/// What must agree between the model that saved and the one that restores. That the weights are the same is for the
/// caller to know: it has the file's hash.
fn shape(c: &Config) -> [u32; SHAPE.len()] {
    let kind = match c.kv {
        KvKind::F32 => 0,
        KvKind::Int8 => 1,
        KvKind::Int4 => 2,
    };
    let sizes = [c.vocab, c.dim, c.layers, c.heads, c.kv_heads, c.head_dim, c.ffn, c.rope_dims].map(|n| n as u32);
    let mut all = [0; SHAPE.len()];
    all[..8].copy_from_slice(&sizes);
    all[8..].copy_from_slice(&[(c.rope_base as f32).to_bits(), kind]);
    all
}

pub(crate) fn save(c: &Config, cache: &KvCache, ids: &[u32]) -> Result<Vec<u8>, Error> {
    let mut bytes = filled(0u8, saved_bytes(cache, ids.len()))?;
    let head = [MAGIC, VERSION].into_iter().chain(shape(c)).chain([ids.len() as u32]).chain(ids.iter().copied());
    for (to, word) in bytes.chunks_exact_mut(4).zip(head) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    let end = bytes.len() - CHECKSUM_BYTES;
    cache.save(ids.len(), &mut bytes[HEADER_BYTES + 4 * ids.len()..end]);
    let sum = checksum(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// Puts saved rows back into `cache` and returns their ids. On an error nothing has changed.
pub(crate) fn restore(c: &Config, cache: &mut KvCache, bytes: &[u8]) -> Result<Vec<u32>, Error> {
    let n = check_header(c, bytes)?;
    let expected = saved_bytes(cache, n);
    if bytes.len() != expected {
        let found = bytes.len();
        return Err(damaged(format!("has {found} bytes; {n} positions of this model take {expected}")));
    }
    let (content, sum) = bytes.split_at(expected - CHECKSUM_BYTES);
    if checksum(content).to_le_bytes() != *sum {
        return Err(damaged("does not have its checksum"));
    }
    let (words, rows) = content[HEADER_BYTES..].split_at(4 * n);
    let mut ids = filled(0u32, n)?;
    for (id, at) in ids.iter_mut().zip(0..) {
        *id = word(words, at);
    }
    if let Some(id) = ids.iter().find(|id| **id as usize >= c.vocab) {
        return Err(damaged(format!("has token {id}; this model's vocabulary has {}", c.vocab)));
    }
    cache.check(rows).map_err(damaged)?;
    cache.restore(n, rows);
    Ok(ids)
}

/// The number of positions, if the header is one that this model writes.
fn check_header(c: &Config, bytes: &[u8]) -> Result<usize, Error> {
    if bytes.len() < HEADER_BYTES + CHECKSUM_BYTES || word(bytes, 0) != MAGIC {
        return Err(damaged(format!("of {} bytes does not begin as one", bytes.len())));
    }
    if word(bytes, 1) != VERSION {
        let found = word(bytes, 1);
        return Err(foreign(format!("has version {found}; this engine reads version {VERSION}")));
    }
    for (at, (name, expected)) in SHAPE.iter().zip(shape(c)).enumerate() {
        let found = word(bytes, 2 + at);
        if found != expected {
            return Err(foreign(format!("is of another model: {name} {found}, here {expected}")));
        }
    }
    let n = word(bytes, 2 + SHAPE.len()) as usize;
    if n > c.context {
        let message = format!("a saved context has {n} positions; this one holds {}", c.context);
        return Err(Error::new(Kind::ContextFull, message));
    }
    Ok(n)
}

pub(crate) fn saved_bytes(cache: &KvCache, n: usize) -> usize {
    HEADER_BYTES + n * (4 + cache.saved_position_bytes()) + CHECKSUM_BYTES
}

/// The `at`-th little-endian word.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[4 * at..4 * at + 4].iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// FNV-1a over words of four bytes: it finds what went wrong by accident.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(4).fold(0xcbf2_9ce4_8422_2325, |sum, four| {
        let word = four.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        (sum ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}

fn damaged(what: impl core::fmt::Display) -> Error {
    Error::new(Kind::Integrity, format!("a saved context {what}; read the text again instead"))
}

fn foreign(what: impl core::fmt::Display) -> Error {
    Error::new(Kind::Unsupported, format!("a saved context {what}"))
}
