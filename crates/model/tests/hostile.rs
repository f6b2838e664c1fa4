//! Tensors that lie: every one is refused with a reason, none panics.

use pocketbit_model::config::Glu;
use pocketbit_model::{Config, Kind, Loader, MemoryPlan};

#[path = "support/record.rs"]
mod record;

use record::{Record, Value};

/// dim 256, one layer, one head of 256, ffn 256, vocab 4: every linear is `[256][256]`.
fn config(bits: f64) -> Config {
    let sizes = ["dim", "headDim", "ffn", "ropeDims"].map(|name| (name, 256.0));
    let counts =
        [("activationBits", bits), ("vocab", 4.0), ("layers", 1.0), ("heads", 1.0), ("kvHeads", 1.0), ("context", 8.0)];
    Config::read(&Record::plain().numbers(&sizes).numbers(&counts)).unwrap()
}

fn loader(bits: f64) -> Loader {
    Loader::new(config(bits)).unwrap()
}

const Q: &str = "blk.0.attn_q.weight";
const NORM: &str = "blk.0.attn_norm.weight";

const F32: u32 = 0;
const TQ2_0: u32 = 35;
const I2_S: u32 = 36;
const Q1_0: u32 = 41;

/// A sound config of 4 query heads on 2 KV heads of 64, with YaRN.
fn good() -> Record {
    let sizes = ["dim", "headDim", "ffn", "ropeDims"].map(|name| (name, 64.0));
    let counts = [("vocab", 320.0), ("layers", 2.0), ("heads", 4.0), ("kvHeads", 2.0), ("context", 128.0)];
    Record::plain().numbers(&sizes).numbers(&counts).word("ropeScaling.kind", "yarn")
}

#[test]
fn good_values_are_a_config() {
    let config = Config::read(&good()).unwrap();
    assert_eq!((config.q_dim(), config.kv_dim(), config.glu, config.tied), (256, 128, Glu::Silu, true));
}

#[test]
fn every_field_of_a_config_is_checked() {
    let good = good();
    let numbers = [
        ("activationBits", 4.0),
        ("vocab", 0.0),
        ("dim", 1e9),
        ("layers", 1.5),
        ("heads", f64::NAN),
        ("kvHeads", 3.0),
        ("headDim", 513.0),
        ("ffn", -1.0),
        ("context", f64::INFINITY),
        ("ropeDims", 63.0),
        ("ropeDims", 66.0),
        ("ropeBase", 0.0),
        ("rmsEps", 0.0),
        ("tied", 0.5),
        ("subNorms", 9.0),
        ("qkNorm", 2.0),
        ("scales.embedding", f64::NAN),
        ("scales.logit", 1e12),
        ("ropeScaling.factor", 0.0),
        ("ropeScaling.originalContext", -1.0),
        ("ropeScaling.betaSlow", f64::INFINITY),
        ("attentionScale", f64::NAN),
    ];
    let words = ["activation", "kv", "head", "ropePairing", "ropeScaling.kind"];
    let edits = numbers.map(|(name, value)| (name, Value::Number(value)));
    let edits = edits.into_iter().chain(words.map(|name| (name, Value::Word("other".into()))));
    for (name, value) in edits {
        let mut bad = good.clone();
        bad.0.insert(name.into(), value.clone());
        let Err(error) = Config::read(&bad) else { panic!("{name} = {value:?} was taken") };
        assert_eq!(error.kind(), Kind::BadModel, "{name} = {value:?}");
    }
    for name in good.0.keys() {
        let mut less = good.clone();
        less.0.remove(name);
        assert!(Config::read(&less).is_err(), "no {name}");
    }
}

/// Loads one tensor and gives the first error's text.
fn refused(bits: f64, (name, ggml, rows, k): (&str, u32, usize, usize), bytes: &[u8]) -> String {
    let mut loader = loader(bits);
    let result = loader.begin(name, ggml, rows, k).and_then(|()| loader.push(bytes)).and_then(|()| loader.end());
    let error = result.expect_err("a hostile tensor was taken");
    assert_eq!(error.kind(), Kind::BadModel);
    error.to_string()
}

/// A 256×256 TQ2_0 tensor of one code and, by block, a scale.
fn tq2_0(code: u8, scale: impl Fn(usize) -> u16) -> Vec<u8> {
    let block = |b| [vec![code * 0x55; 64], scale(b).to_le_bytes().to_vec()].concat();
    (0..256).flat_map(block).collect()
}

#[test]
fn shapes_slots_and_types_must_be_the_models_own() {
    for (shape, reason) in [
        ((Q, TQ2_0, 255, 256), "the config asks for (256, 256)"),
        (("blk.1.attn_q.weight", TQ2_0, 256, 256), "this model has 1 layers"),
        (("blk.0.attn_z.weight", TQ2_0, 256, 256), "\"blk.0.attn_z.weight\", 256 × 256: no tensor of this name"),
        (("blk.0.attn_norm.act_threshold", F32, 1, 256), "no tensor of this name"),
        (("blk.4294967295.attn_q.weight", F32, 1, 256), "this model has 1 layers"),
        ((Q, 38, 256, 256), "has type 38"),
        ((NORM, TQ2_0, 1, 256), "a tensor of type TQ2_0 where a Vector is needed"),
    ] {
        let text = refused(8.0, shape, &[]);
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn too_few_and_too_many_bytes_are_told() {
    let linear = (Q, TQ2_0, 256, 256);
    let good = tq2_0(2, |_| 0x3c00);
    assert!(refused(8.0, linear, &good[..good.len() - 1]).contains("ended after 255 of 256 units and 65 bytes"));
    assert!(refused(8.0, linear, &[&good[..], &[0; 66]].concat()).contains("more bytes than its shape"));
    assert!(refused(8.0, linear, &[&good[..], &[0]].concat()).contains("256 of 256 units and 1 bytes"));
}

#[test]
fn ternary_scales_and_codes_are_checked() {
    let linear = (Q, TQ2_0, 256, 256);
    assert!(refused(8.0, linear, &tq2_0(2, |_| 0x7c00)).contains("block 0 has a scale that is not finite"));
    assert!(refused(8.0, linear, &tq2_0(2, |b| if b == 9 { 0x7e00 } else { 0 })).contains("block 9"));
    assert!(refused(8.0, linear, &tq2_0(3, |_| 0x3c00)).contains("code 3"));
    let three = [vec![0xff; 256 * 64], 1f32.to_le_bytes().to_vec(), vec![0; 28]].concat();
    assert!(refused(8.0, (Q, I2_S, 256, 256), &three).contains("code 3"));
    let nan = [vec![0x55; 256 * 64], f32::NAN.to_le_bytes().to_vec(), vec![0; 28]].concat();
    assert!(refused(8.0, (Q, I2_S, 256, 256), &nan).contains("a finite one is needed"));
}

#[test]
fn varying_scales_and_zero_blocks_are_taken() {
    let mut loader = loader(8.0);
    loader.begin(Q, TQ2_0, 256, 256).unwrap();
    loader.push(&tq2_0(3, |_| 0)).unwrap();
    loader.end().unwrap();
    loader.begin("blk.0.attn_k.weight", TQ2_0, 256, 256).unwrap();
    loader.push(&tq2_0(2, |b| if b == 7 { 0x4000 } else { 0x3c00 })).unwrap();
    loader.end().unwrap();
}

#[test]
fn binary_rows_have_one_scale_and_norms_are_finite() {
    let block = |scale: u16| [scale.to_le_bytes().to_vec(), vec![0xaa; 16]].concat();
    let bytes: Vec<u8> = (0..512).flat_map(|b| block(if b == 5 { 0x4000 } else { 0x3c00 })).collect();
    let text = refused(1.0, (Q, Q1_0, 256, 256), &bytes);
    assert!(text.contains("row 2 has scales 1 and 2"), "{text}");
    let infinite: Vec<u8> = [f32::INFINITY; 256].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(refused(8.0, (NORM, F32, 1, 256), &infinite).contains("not finite"));
}

#[test]
fn order_of_calls_is_enforced() {
    let mut loader = loader(8.0);
    assert!(loader.push(&[0]).is_err() && loader.end().is_err());
    loader.begin("output_norm.weight", F32, 1, 256).unwrap();
    assert!(loader.begin(NORM, F32, 1, 256).is_err());
    loader.push(&[0; 1024]).unwrap();
    loader.end().unwrap();
    assert!(loader.begin("output_norm.weight", F32, 1, 256).is_err(), "the same tensor twice");
    let Err(error) = loader.finish() else { panic!("an incomplete model was taken") };
    assert!(error.to_string().contains("missing"), "{error}");
}

const NAMES: [&str; 12] = [
    "token_embd.weight",
    "output_norm.weight",
    "output.weight",
    "rope_freqs.weight",
    "blk.0.attn_norm.weight",
    "blk.0.attn_q.weight",
    "blk.0.attn_q.act_threshold",
    "blk.0.attn_q.scale",
    "blk.0.attn_sub_norm.weight",
    "blk.0.ffn_down.weight",
    "blk.0.attn_k_norm.weight",
    "blk.0.other.weight",
];

#[test]
fn any_bytes_in_any_pieces_never_panic() {
    let mut state = 7u64;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % bound
    };
    for _ in 0..2000 {
        let mut loader = self::loader([8.0, 1.0][next(2)]);
        for _ in 0..4 {
            let ggml = [0, 1, 2, 6, 8, 12, 14, 30, 34, 35, 36, 41, 42, 142, 99][next(15)];
            let name = NAMES[next(NAMES.len())].replace('0', &next(2).to_string());
            let _ = loader.begin(&name, ggml, [1, 4, 256][next(3)], 256);
            for _ in 0..next(5) {
                let piece: Vec<u8> = (0..next(20_000)).map(|i| (i * 31) as u8).collect();
                let _ = loader.push(&piece);
            }
            let _ = loader.end();
        }
        assert!(loader.finish().is_err());
    }
}

#[test]
fn weights_that_overflow_an_activation_are_told_and_append_nothing() {
    let vector = |value: f32| [value; 256].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    let rows = |value: f32| [value; 4 * 256].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    let load = |norm: f32| {
        let mut loader = loader(8.0);
        let mut put = |name: &str, ggml, rows, bytes: &[u8]| {
            loader.begin(name, ggml, rows, 256).unwrap();
            loader.push(bytes).unwrap();
            loader.end().unwrap();
        };
        put("token_embd.weight", F32, 4, &rows(1.0));
        put("output_norm.weight", F32, 1, &vector(1.0));
        for part in ["attn_norm", "attn_sub_norm", "ffn_norm", "ffn_sub_norm"] {
            let value = if part == "attn_norm" { norm } else { 1.0 };
            put(&format!("blk.0.{part}.weight"), F32, 1, &vector(value));
        }
        for part in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"] {
            put(&format!("blk.0.{part}.weight"), TQ2_0, 256, &tq2_0(2, |_| 0x3c00));
        }
        loader.finish().unwrap()
    };
    assert!(load(1.0).forward(&[1, 2]).is_ok());
    let mut model = load(f32::MAX);
    let error = model.forward(&[1, 2]).expect_err("an infinite activation was taken");
    assert_eq!(error.kind(), Kind::BadModel);
    assert!(error.to_string().contains("activations are not finite"), "{error}");
    assert!(model.ids().is_empty());
}

#[test]
fn a_plan_of_sizes_that_no_number_holds_is_refused() {
    for (rows, k) in [(usize::MAX, usize::MAX), (1 << 32, 1 << 32), (usize::MAX, 2), (1 << 30, 1)] {
        let error = MemoryPlan::new(config(8.0)).add(Q, F32, rows, k).expect_err("it was planned");
        assert_eq!(error.kind(), Kind::OutOfMemory, "{rows} x {k}");
    }
}
