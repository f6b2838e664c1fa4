//! The engine against the PyTorch reference's logits on tiny random models, and against itself.

mod support;

use base64::prelude::{Engine as _, BASE64_STANDARD};
use pocketbit_model::{Kind, Model};
use support::{path, Gguf};

const NAMES: [&str; 4] = ["tq2", "i2s", "q6k", "w1a1"];

struct Golden {
    ids: Vec<u32>,
    /// logits `[T][vocab]`
    exact: Vec<f32>,
    /// logits of the last position with a cache of eight and of four bits
    exact_packed: [Vec<f32>; 2],
    /// logits of the last positions in plain float math
    float: Vec<f32>,
}

fn golden(name: &str) -> Golden {
    let text = std::fs::read_to_string(path(&format!("tests/fixtures/tiny/tiny-{name}.golden.json"))).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let floats = |value: &serde_json::Value| -> Vec<f32> {
        let bytes = BASE64_STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    Golden {
        ids: json["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect(),
        exact: floats(&json["integerExact"]["kvF32"]),
        exact_packed: ["kvI8", "kvI4"].map(|kv| floats(&json["integerExact"][kv])),
        float: floats(&json["floatMode"]),
    }
}

fn model(name: &str, kv: &str, head: &str) -> Model {
    let file = Gguf::read(path(&format!("tests/fixtures/tiny/tiny-{name}.gguf")));
    file.load(file.config(kv, head), 1 << 20)
}

/// Logits after every id, `[T][vocab]`.
fn trace(model: &mut Model, ids: &[u32]) -> Vec<f32> {
    ids.iter()
        .flat_map(|id| {
            model.forward(&[*id]).unwrap();
            model.logits().to_vec()
        })
        .collect()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() == b.len() && !a.is_empty(), "{} against {} logits", a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn integer_exact_reference_agrees_within_1e_3() {
    for name in NAMES {
        let want = golden(name);
        let far = worst(&trace(&mut model(name, "f32", "int8"), &want.ids), &want.exact);
        println!("tiny-{name}: max |Δlogit| {far:e} (f32 KV)");
        assert!(far <= 1e-3, "tiny-{name}: {far}");
        for (kv, want_packed) in ["int8", "int4"].into_iter().zip(&want.exact_packed) {
            let mut packed = model(name, kv, "int8");
            packed.forward(&want.ids).unwrap();
            let far = worst(packed.logits(), want_packed);
            println!("tiny-{name}: max |Δlogit| {far:e} ({kv} KV)");
            assert!(far <= 1e-3, "tiny-{name} {kv} KV: {far}");
        }
    }
}

#[test]
fn float_reference_agrees_within_rms_0_12() {
    for name in ["tq2", "i2s", "q6k"] {
        let want = golden(name);
        let got = trace(&mut model(name, "f32", "int8"), &want.ids);
        let got = &got[got.len() - want.float.len()..];
        let mean_square =
            |v: &mut dyn Iterator<Item = f32>, n: usize| (v.map(|d| d * d).sum::<f32>() / n as f32).sqrt();
        let n = got.len();
        let rms = mean_square(&mut got.iter().zip(&want.float).map(|(a, b)| a - b), n);
        let std = mean_square(&mut want.float.iter().copied(), n);
        println!("tiny-{name}: rms {rms:.4} on logits of std {std:.2}");
        assert!(rms <= 0.12 && std > 1.0, "tiny-{name}: rms {rms} std {std}");
    }
}

#[test]
fn any_slicing_of_prompt_and_file_gives_the_same_bits() {
    for name in NAMES {
        let ids = golden(name).ids.repeat(3);
        let want = trace(&mut model(name, "int8", "int8"), &ids);
        let last = &want[want.len() - want.len() / ids.len()..];
        for cut in [1, 7, 31, 32, 33, ids.len()] {
            let file = Gguf::read(path(&format!("tests/fixtures/tiny/tiny-{name}.gguf")));
            let mut sliced = file.load(file.config("int8", "int8"), 997 + cut);
            ids.chunks(cut).for_each(|part| sliced.forward(part).unwrap());
            assert_eq!(worst(sliced.logits(), last), 0.0, "tiny-{name} cut at {cut}");
        }
    }
}

#[test]
fn truncating_and_replaying_gives_the_same_bits() {
    let ids = golden("tq2").ids;
    let mut model = model("tq2", "int8", "int8");
    model.forward(&ids).unwrap();
    let first = model.logits().to_vec();
    model.truncate(5);
    assert_eq!(model.ids(), &ids[..5]);
    model.forward(&ids[5..]).unwrap();
    assert_eq!(model.logits(), first);
}

#[test]
fn a_full_context_and_a_foreign_id_are_refused_and_change_nothing() {
    let mut model = model("tq2", "f32", "int8");
    model.forward(&[1, 2, 3]).unwrap();
    let before = model.logits().to_vec();
    assert_eq!(model.forward(&[1; 100_000]).unwrap_err().kind(), Kind::ContextFull);
    assert_eq!(model.forward(&[1, u32::MAX]).unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(model.forward(&[]).unwrap_err().kind(), Kind::Unsupported);
    assert_eq!((model.ids(), model.logits()), (&[1u32, 2, 3][..], &before[..]));
}
