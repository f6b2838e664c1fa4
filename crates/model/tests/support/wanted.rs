//! Test-only: the tensors that a config asks for, and the checksum of a saved context.

use pocketbit_model::config::Activations;
use pocketbit_model::Config;

pub(crate) const LINEARS: [&str; 7] = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
/// A tensor to load: its name, rows, k, and whether it is a vector.
pub(crate) type Wanted = (String, usize, usize, bool);

/// Every tensor the config asks for.
pub(crate) fn tensors(c: &Config) -> Vec<Wanted> {
    let (dim, q, kv, ffn) = (c.dim, c.q_dim(), c.kv_dim(), c.ffn);
    let vector = |name: String, k| (name, 1, k, true);
    let mut all = vec![("token_embd.weight".into(), c.vocab, dim, false), vector("output_norm.weight".into(), dim)];
    if !c.tied {
        all.push(("output.weight".into(), c.vocab, dim, false));
    }
    for l in 0..c.layers {
        let named = |part: &str, field: &str| format!("blk.{l}.{part}.{field}");
        let shapes = [(q, dim), (kv, dim), (kv, dim), (dim, q), (ffn, dim), (ffn, dim), (dim, ffn)];
        for (part, (rows, k)) in LINEARS.iter().zip(shapes) {
            all.push((named(part, "weight"), rows, k, false));
            if c.activations == Activations::Binary {
                all.push(vector(named(part, "act_threshold"), k));
            }
        }
        let mut norm = |there: bool, part: &str, k| {
            if there {
                all.push(vector(named(part, "weight"), k));
            }
        };
        norm(true, "attn_norm", dim);
        norm(true, "ffn_norm", dim);
        norm(c.sub_norms, "attn_sub_norm", q);
        norm(c.sub_norms, "ffn_sub_norm", ffn);
        norm(c.qk_norm, "attn_q_norm", c.head_dim);
        norm(c.qk_norm, "attn_k_norm", c.head_dim);
    }
    all
}

const CHECKSUM_BYTES: usize = 8;

/// FNV-1a over words of four bytes, as saved contexts end with.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(4).fold(0xcbf2_9ce4_8422_2325, |sum, four| {
        let word = four.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        (sum ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Writes the checksum that a saved context of these bytes ends with; false where they are too few for one.
pub(crate) fn signed(bytes: &mut [u8]) -> bool {
    let Some(end) = bytes.len().checked_sub(CHECKSUM_BYTES) else { return false };
    let sum = checksum(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    true
}
