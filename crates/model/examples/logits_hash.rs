//! SHA-256 of the logits after every id, as the native scalar engine computes them: f32 little-endian, `[T][vocab]`.
//! usage: cargo run --release -p pocketbit-model --example logits_hash -- FILE 1,2,3 [--kv f32|int8|int4]

#[path = "../tests/support/mod.rs"]
mod support;

use sha2::{Digest, Sha256};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, ids, options @ ..] = &arguments[..] else {
        panic!("usage: logits_hash FILE 1,2,3 [--kv f32|int8|int4]")
    };
    let kv = match options.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["--kv", "f32"] => 0.0,
        ["--kv", "int8"] => 1.0,
        ["--kv", "int4"] => 2.0,
        _ => panic!("--kv is f32, int8 or int4"),
    };
    let ids: Vec<u32> = ids.split(',').map(|id| id.parse().expect("ids are numbers")).collect();
    let gguf = support::Gguf::read(file.into());
    let mut model = gguf.load(gguf.config(kv, 0.0), 1 << 20);
    let mut hash = Sha256::new();
    for id in ids {
        model.forward(&[id]).unwrap();
        model.logits().iter().for_each(|l| hash.update(l.to_le_bytes()));
    }
    println!("{}", hash.finalize().iter().map(|b| format!("{b:02x}")).collect::<String>());
}
