//! SHA-256 of the logits after every id, as the native scalar engine computes them: f32 little-endian, `[T][vocab]`.
//! usage: cargo run --release -p pocketbit-model --example logits_hash -- FILE 1,2,3 [--kv f32|int8|int4] [--head int8|f32|int4]

#[path = "../tests/support/mod.rs"]
mod support;

use sha2::{Digest, Sha256};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, ids, options @ ..] = &arguments[..] else {
        panic!("usage: logits_hash FILE 1,2,3 [--kv f32|int8|int4] [--head int8|f32|int4]")
    };
    let of = |option: &str, default: &str| -> String {
        let given = options.iter().position(|word| word == option);
        given.map_or(default.into(), |at| options[at + 1].clone())
    };
    let (kv, head) = (of("--kv", "f32"), of("--head", "int8"));
    let ids: Vec<u32> = ids.split(',').map(|id| id.parse().expect("ids are numbers")).collect();
    let gguf = support::Gguf::read(file.into());
    let mut model = gguf.load(gguf.config(&kv, &head), 1 << 20);
    let mut hash = Sha256::new();
    for id in ids {
        model.forward(&[id]).unwrap();
        model.logits().iter().for_each(|l| hash.update(l.to_le_bytes()));
    }
    println!("{}", hash.finalize().iter().map(|b| format!("{b:02x}")).collect::<String>());
}
