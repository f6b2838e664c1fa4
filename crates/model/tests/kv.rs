//! The cache at every depth: cut, cut back, saved and restored, the logits keep their bits.

mod support;

use pocketbit_model::{Kind, Model};
use support::{path, Gguf};

const KINDS: [&str; 3] = ["f32", "int8", "int4"];
const MODELS: [&str; 3] = ["tiny/tiny-tq2", "tiny/tiny-w1a1", "families/hf-qwen3-q1"];

fn load(name: &str, kv: &str) -> Model {
    let file = Gguf::read(path(&format!("tests/fixtures/{name}.gguf")));
    file.load(file.config(kv, "int8"), 1 << 20)
}

/// 140 ids of a vocabulary of 320.
fn ids() -> Vec<u32> {
    (0..140).map(|i| (i * i * 7 + i * 13 + 5) % 320).collect()
}

fn bits(model: &Model) -> Vec<u32> {
    model.logits().iter().map(|l| l.to_bits()).collect()
}

fn forward(model: &mut Model, ids: &[u32], cut: usize) -> Vec<u32> {
    ids.chunks(cut).for_each(|part| model.forward(part).unwrap());
    bits(model)
}

/// Every model with every kind of cache, and its logits after [`ids`] in one piece.
fn each(check: impl Fn(&str, &mut dyn FnMut() -> Model, &[u32])) {
    for (name, kv) in MODELS.iter().flat_map(|name| KINDS.map(|kind| (name, kind))) {
        let want = forward(&mut load(name, kv), &ids(), 200);
        check(&format!("{name}, {kv} KV"), &mut || load(name, kv), &want);
    }
}

#[test]
fn slices_of_any_size_give_the_same_bits() {
    each(|label, load, want| {
        for cut in [1, 7, 16, 64, 128] {
            assert_eq!(forward(&mut load(), &ids(), cut), want, "{label}, slices of {cut}");
        }
    });
}

#[test]
fn a_kept_prefix_gives_the_same_bits() {
    each(|label, load, want| {
        let mut model = load();
        for keep in [120, 61, 1] {
            // Another text after the prefix leaves its rows behind.
            let other: Vec<u32> = ids()[..keep].iter().copied().chain([7; 20]).collect();
            forward(&mut model, &other, 200);
            model.truncate(keep);
            assert_eq!(forward(&mut model, &ids()[keep..], 200), want, "{label}, {keep} kept");
            model.truncate(0);
        }
    });
}

#[test]
fn a_restored_context_goes_on_with_the_same_bits() {
    each(|label, load, want| {
        for cut in [3, 64] {
            let mut first = load();
            forward(&mut first, &ids()[..cut], 200);
            let saved = first.save_context().unwrap();
            let mut second = load();
            // What the second held before must not matter.
            forward(&mut second, &[9; 77], 200);
            second.restore_context(&saved).unwrap();
            assert_eq!(second.ids(), &ids()[..cut]);
            assert!(second.logits().iter().all(|l| *l == 0.0));
            assert_eq!(second.save_context().unwrap(), saved, "{label}: the same context, the same bytes");
            assert_eq!(forward(&mut second, &ids()[cut..], 7), want, "{label}, saved after {cut}");
        }
        let mut empty = load();
        let saved = empty.save_context().unwrap();
        forward(&mut empty, &[1, 2, 3], 3);
        empty.restore_context(&saved).unwrap();
        assert_eq!(forward(&mut empty, &ids(), 200), want, "{label}, an empty context");
    });
}

/// Bytes with the checksum they ought to have.
fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 8;
    let sum = bytes[..end].chunks(4).fold(0xcbf2_9ce4_8422_2325u64, |sum, four| {
        let mut word = [0; 4];
        word[..four.len()].copy_from_slice(four);
        (sum ^ u64::from(u32::from_le_bytes(word))).wrapping_mul(0x0100_0000_01b3)
    });
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Where the ids begin, and where the rows do for `n` positions.
const IDS: usize = 4 * 13;

fn changed(bytes: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + value.len()].copy_from_slice(value);
    signed(bytes)
}

#[test]
fn hostile_contexts_are_refused_and_change_nothing() {
    for kv in KINDS {
        let mut model = load("tiny/tiny-tq2", kv);
        forward(&mut model, &ids()[..5], 5);
        let (good, before) = (model.save_context().unwrap(), bits(&model));
        let rows = IDS + 4 * 5;
        let nan = f32::NAN.to_le_bytes();
        let mut cases = vec![
            (vec![], Kind::Integrity, "of 0 bytes"),
            (vec![7; 500], Kind::Integrity, "does not begin as one"),
            (good[..good.len() - 1].to_vec(), Kind::Integrity, "positions of this model take"),
            ([&good[..], &[0]].concat(), Kind::Integrity, "positions of this model take"),
            (changed(&good, 4, &[9, 0, 0, 0]), Kind::Unsupported, "version 9; this engine reads version 1"),
            (changed(&good, 8, &[1, 1, 0, 0]), Kind::Unsupported, "vocabulary 257, here 320"),
            (changed(&good, 44, &[7, 0, 0, 0]), Kind::Unsupported, "KV kind 7, here"),
            (changed(&good, 48, &[255; 4]), Kind::ContextFull, "4294967295 positions"),
            (changed(&good, 48, &[6, 0, 0, 0]), Kind::Integrity, "6 positions of this model take"),
            (changed(&good, IDS, &[64, 1, 0, 0]), Kind::Integrity, "token 320"),
            (changed(&good, rows, &nan), Kind::Integrity, "a value that none is saved with"),
        ];
        if kv != "f32" {
            cases.push((changed(&good, rows, &(-1f32).to_le_bytes()), Kind::Integrity, "a value that none"));
            cases.push((changed(&good, rows + 4, &[if kv == "int8" { 128 } else { 0 }]), Kind::Integrity, "a value"));
        }
        let mut flipped = good.clone();
        flipped[rows + 9] ^= 1;
        cases.push((flipped, Kind::Integrity, "checksum"));
        for (bytes, expected, reason) in cases {
            let error = model.restore_context(&bytes).expect_err(reason);
            assert!(error.kind() == expected && error.to_string().contains(reason), "{kv}: {error} for {reason}");
            assert_eq!((model.ids(), bits(&model)), (&ids()[..5], before.clone()), "{kv}: {reason}");
            assert_eq!(model.save_context().unwrap(), good, "{kv}: {reason}");
        }
        model.restore_context(&good).unwrap();
    }
}

#[test]
fn any_bytes_never_panic() {
    let mut model = load("tiny/tiny-tq2", "int8");
    forward(&mut model, &ids()[..9], 9);
    let good = model.save_context().unwrap();
    let mut state = 3u64;
    for _ in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (state >> 33) as usize % if state & 1 == 0 { 64 } else { bytes.len() };
            bytes[at] = (state >> 24) as u8;
        }
        bytes.truncate(bytes.len() - (state >> 40) as usize % 3 * 5);
        if bytes.len() >= 8 {
            bytes = signed(bytes);
        }
        if model.restore_context(&bytes).is_ok() {
            assert!(model.ids().iter().all(|id| *id < 320));
        }
    }
}
