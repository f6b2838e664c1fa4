//! Every family against Hugging Face transformers, which runs the same weights in float32 without quantised
//! activations: close, not equal.

mod support;

use base64::prelude::{Engine as _, BASE64_STANDARD};
use support::{path, Gguf};

const NAMES: [&str; 5] = ["hf-bitnet", "hf-llama", "hf-qwen3-q1", "hf-qwen3-q2", "hf-qwen3-q2-g128"];

/// (ids, logits of the last positions `[n][vocab]`)
fn golden(name: &str) -> (Vec<u32>, Vec<f32>) {
    let text = std::fs::read_to_string(path(&format!("tests/fixtures/families/{name}.golden.json"))).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = BASE64_STANDARD.decode(json["logits"].as_str().unwrap()).unwrap();
    let ids = json["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
    (ids, bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect())
}

/// Logits of the last positions as the engine gives them.
fn tail(name: &str, ids: &[u32], n: usize, kv: &str, head: &str) -> Vec<f32> {
    let file = Gguf::read(path(&format!("tests/fixtures/families/{name}.gguf")));
    let mut model = file.load(file.config(kv, head), 1 << 16);
    let all = ids.iter().flat_map(|id| {
        model.forward(&[*id]).unwrap();
        model.logits().to_vec()
    });
    let all: Vec<f32> = all.collect();
    all[all.len() - n..].to_vec()
}

fn rms(values: impl Iterator<Item = f32>, n: usize) -> f32 {
    (values.map(|v| v * v).sum::<f32>() / n as f32).sqrt()
}

#[test]
fn logits_are_near_transformers() {
    for name in NAMES {
        let (ids, want) = golden(name);
        for (label, kv, head, bound) in [
            ("f32 KV", "f32", "int8", 0.12),
            ("int8 KV", "int8", "int8", 0.12),
            ("int4 KV", "int4", "int8", 0.9),
            ("f32 KV and head", "f32", "f32", 0.12),
        ] {
            let got = tail(name, &ids, want.len(), kv, head);
            let far = rms(got.iter().zip(&want).map(|(a, b)| a - b), want.len());
            let std = rms(want.iter().copied(), want.len());
            println!("{name}, {label}: rms {far:.4} on logits of std {std:.2}");
            assert!(far <= bound && std > 1.5, "{name}, {label}: rms {far} on std {std}");
        }
    }
}

/// Multipliers of two linears.
const UP_GAIN: &str = "ffn_up.scale";
const DOWN_GAIN: &str = "ffn_down.scale";

#[test]
fn per_tensor_multipliers_are_honoured() {
    for name in ["tiny/tiny-tq2", "tiny/tiny-w1a1", "families/hf-qwen3-q1", "families/hf-qwen3-q2"] {
        let file = Gguf::read(path(&format!("tests/fixtures/{name}.gguf")));
        let logits = |more: &[(&str, f32)]| {
            let mut model = file.load_with(file.config("f32", "int8"), 1 << 16, more);
            model.forward(&[1, 2, 3, 4, 5]).unwrap();
            model.logits().to_vec()
        };
        let plain = logits(&[]);
        let far = |other: Vec<f32>| rms(plain.iter().zip(&other).map(|(a, b)| a - b), plain.len());
        assert_eq!(far(logits(&[(UP_GAIN, 1.0), (DOWN_GAIN, 1.0)])), 0.0, "{name}: a multiplier of 1");
        assert!(far(logits(&[(DOWN_GAIN, 0.5)])) > 0.1, "{name}: a half of what the feed-forward adds");
        // Halved going in and doubled coming out is the same, but for what the norm's epsilon and rounding do.
        let back = far(logits(&[(UP_GAIN, 0.5), (DOWN_GAIN, if name.starts_with("families") { 2.0 } else { 1.0 })]));
        assert!(back < 0.05, "{name}: {back}");
    }
}
