//! Seeded random configs, tensors, calls and saved contexts: each is taken or refused with a reason, none panics.

#[path = "support/random.rs"]
mod random;
#[path = "support/record.rs"]
mod record;
#[path = "support/wanted.rs"]
mod wanted;

use pocketbit_model::config::Activations;
use pocketbit_model::{Config, Error, Kind, Loader, Model, SamplerOptions};
use random::{block_of, content, Random};
use record::{Record, Value};
use wanted::{signed, tensors, Wanted, LINEARS};

const SEED: u64 = 20_261_122;
const CONFIGS: usize = 100_000;
const MODELS: usize = 15_000;
const CONTEXTS: usize = 60_000;
/// Positions of the models whose contexts are edited.
const CONTEXT: usize = 9;

/// A small config.
fn small(random: &mut Random) -> Record {
    let kv_heads = random.pick(&[1.0, 2.0]);
    let head_dim = random.pick(&[16.0, 32.0, 48.0, 64.0, 128.0]);
    let mut flag = |name| (name, random.pick(&[0.0, 1.0]));
    let flags = [flag("tied"), flag("subNorms"), flag("qkNorm")];
    Record::plain()
        .numbers(&flags)
        .word("activation", random.pick(&["silu", "relu2"]))
        .word("kv", random.pick(&["f32", "int8", "int4"]))
        .word("head", random.pick(&["int8", "f32", "int4"]))
        .word("ropePairing", random.pick(&["neox", "norm"]))
        .word("ropeScaling.kind", random.pick(&["none", "linear", "yarn"]))
        .numbers(&[
            ("activationBits", random.pick(&[8.0, 8.0, 8.0, 1.0])),
            ("vocab", random.pick(&[1.0, 5.0, 33.0, 64.0])),
            ("dim", random.pick(&[16.0, 32.0, 128.0, 256.0])),
            ("layers", random.pick(&[1.0, 2.0])),
            ("heads", kv_heads * random.pick(&[1.0, 2.0, 3.0])),
            ("kvHeads", kv_heads),
            ("headDim", head_dim),
            ("ffn", random.pick(&[16.0, 64.0, 128.0, 256.0])),
            ("context", random.pick(&[1.0, 4.0, 9.0])),
            ("ropeDims", random.pick(&[2.0, 8.0, head_dim])),
            ("ropeBase", random.pick(&[1.0, 1e4, 1e6])),
            ("ropeScaling.factor", 4.0),
            ("ropeScaling.originalContext", 64.0),
        ])
}

/// Sets a field to any value, or takes it away.
fn edit(random: &mut Random, record: &mut Record) {
    let names: Vec<String> = record.0.keys().cloned().collect();
    let name = names[random.below(names.len())].clone();
    let value = match random.below(60) {
        0 => {
            record.0.remove(&name);
            return;
        }
        1..=8 => Value::Word(random.pick(&["", "silu", "yarn", "int8", "Int8", "9", "\u{202e}"]).into()),
        9..=28 => Value::Number(f64::from_bits(random.next())),
        _ => Value::Number(random.pick(&ODD)),
    };
    record.0.insert(name, value);
}

const ODD: [f64; 20] = [
    0.0,
    -0.0,
    -1.0,
    0.5,
    3.0,
    17.0,
    255.0,
    65_535.0,
    65_536.0,
    65_537.0,
    1_048_576.0,
    4_294_967_296.0,
    9_007_199_254_740_993.0,
    1e300,
    -1e300,
    5e-324,
    1e-60,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// A reason must be one that JavaScript knows, and say something.
fn check_refusal(error: &Error) {
    let text = error.to_string();
    assert!(text.len() > 20 && text.contains(": "), "{text}");
}

#[test]
fn any_numbers_are_a_config_or_are_refused() {
    let mut random = Random(SEED);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..CONFIGS {
        let mut record = small(&mut random);
        for _ in 0..random.below(4) {
            edit(&mut random, &mut record);
        }
        match Config::read(&record) {
            Ok(config) => {
                taken += 1;
                let name = random.pick(&NAMES).replace('#', &random.below(3).to_string());
                let (rows, k) = (random.pick(&[0, 1, config.dim, usize::MAX]), random.pick(&[0, 16, config.dim]));
                // What fits this shape may be taken, the rest is refused before anything is allocated.
                let kind = random.pick(&TYPES);
                let began = Loader::new(config).and_then(|mut loader| loader.begin(&name, kind, rows, k));
                began.unwrap_or_else(|error| check_refusal(&error));
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.kind(), Kind::BadModel, "{error}");
                check_refusal(&error);
            }
        }
    }
    assert!(taken > CONFIGS / 20 && refused > CONFIGS / 20, "{taken} taken, {refused} refused");
}

#[test]
fn sizes_that_wrap_around_on_wasm32_are_refused() {
    let good = small(&mut Random(1));
    for changes in [
        &[("dim", 65_536.0), ("ffn", 65_536.0)][..],
        &[("vocab", 1_048_576.0), ("dim", 4096.0)],
        &[
            ("layers", 1024.0),
            ("context", 1_048_576.0),
            ("headDim", 16.0),
            ("ropeDims", 2.0),
            ("heads", 1.0),
            ("kvHeads", 1.0),
        ],
        &[
            ("layers", 1.0),
            ("context", 1_048_573.0),
            ("headDim", 511.0),
            ("ropeDims", 2.0),
            ("heads", 64.0),
            ("kvHeads", 64.0),
        ],
    ] {
        let loader = Config::read(&good.clone().numbers(changes)).and_then(Loader::new);
        let Err(error) = loader else { panic!("a config past wasm32 was taken") };
        assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
    }
}

/// Names of every kind, `#` for a layer.
const NAMES: [&str; 20] = [
    "token_embd.weight",
    "output_norm.weight",
    "output.weight",
    "rope_freqs.weight",
    "blk.#.attn_norm.weight",
    "blk.#.attn_q.weight",
    "blk.#.attn_k.weight",
    "blk.#.attn_v.weight",
    "blk.#.attn_sub_norm.weight",
    "blk.#.attn_output.weight",
    "blk.#.ffn_norm.weight",
    "blk.#.ffn_gate.weight",
    "blk.#.ffn_up.weight",
    "blk.#.ffn_sub_norm.weight",
    "blk.#.ffn_down.weight",
    "blk.#.attn_q_norm.weight",
    "blk.#.attn_k_norm.weight",
    "blk.#.attn_q.act_threshold",
    "blk.#.attn_q.scale",
    "blk.4294967296.attn_q.weight",
];

const TYPES: [u32; 16] = [0, 1, 2, 6, 8, 12, 14, 30, 34, 35, 36, 41, 42, 142, 38, u32::MAX];

/// A type whose blocks fit rows of `k`, or, rarely, any.
fn type_for(random: &mut Random, k: usize, binary: bool) -> u32 {
    if random.once_in(200) {
        return random.pick(&TYPES);
    }
    if binary {
        return 41;
    }
    let fitting: Vec<u32> = TYPES[..14].iter().copied().filter(|t| k % block_of(*t).1 == 0).collect();
    random.pick(&fitting)
}

/// Tensors that a file may have besides: RoPE factors and the gains of linears.
fn optional(random: &mut Random, c: &Config) -> Vec<Wanted> {
    let mut some = Vec::new();
    if random.once_in(4) {
        some.push(("rope_freqs.weight".into(), 1, c.rope_dims / 2, true));
    }
    for part in LINEARS {
        if random.once_in(8) {
            some.push((format!("blk.{}.{part}.scale", random.below(c.layers)), 1, 1, true));
        }
    }
    some
}

/// A whole model of random weights, in any order, or why not.
fn load(random: &mut Random, config: Config) -> Result<Model, Error> {
    let binary = config.activations == Activations::Binary;
    let mut list = tensors(&config);
    list.extend(optional(random, &config));
    if random.once_in(3) {
        for i in 0..list.len() {
            list.swap(i, random.below(i + 1));
        }
    }
    let mut loader = Loader::new(config)?;
    let mut failed = None;
    for (name, rows, k, vector) in list {
        let ggml =
            if vector { random.pick(&[0, 1, 30]) } else { type_for(random, k, binary && name.starts_with("blk")) };
        let wild = random.once_in(300);
        let bytes = content(random, ggml, rows * k, wild);
        let cut = 1 + random.below(bytes.len().max(1));
        let pushed = loader
            .begin(&name, ggml, rows, k)
            .and_then(|()| bytes.chunks(cut).try_for_each(|part| loader.push(part)))
            .and_then(|()| loader.end());
        // A caller that goes on after an error gets no model of it.
        if let Err(error) = pushed {
            assert!(loader.end().is_err(), "a tensor ended well after {error}");
            failed = Some(error);
        }
    }
    let model = loader.finish();
    match failed {
        Some(error) => {
            assert!(model.is_err(), "a model was made after {error}");
            Err(error)
        }
        None => model,
    }
}

fn sampler(random: &mut Random) -> SamplerOptions {
    let odd = [0.0, 1.0, 0.7, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, 3e38];
    SamplerOptions {
        seed: random.next(),
        temperature: random.pick(&odd),
        top_k: random.pick(&[0, 1, 3, usize::MAX]),
        top_p: random.pick(&odd),
        min_p: random.pick(&odd),
        repeat_penalty: random.pick(&odd),
        repeat_last: random.pick(&[0, 1, usize::MAX]),
    }
}

/// Calls a host could make, in any order.
fn use_any_how(random: &mut Random, model: &mut Model, vocab: usize) {
    for _ in 0..3 {
        model.set_sampler(sampler(random));
        let ids: Vec<u32> = (0..random.below(4)).map(|_| random.below(vocab + 1) as u32).collect();
        let before = model.ids().to_vec();
        match model.forward(&ids) {
            Ok(()) => {
                assert!(model.logits().iter().all(|l| l.is_finite()));
                assert!((model.sample().unwrap() as usize) < vocab);
            }
            Err(error) => {
                check_refusal(&error);
                assert_eq!(model.ids(), before);
            }
        }
        if random.once_in(2) {
            model.truncate(random.below(9));
        }
    }
}

#[test]
fn models_of_random_bytes_answer_or_are_refused() {
    let mut random = Random(SEED + 1);
    let (mut loaded, mut refused) = (0, 0);
    while loaded + refused < MODELS {
        let Ok(config) = Config::read(&small(&mut random)) else { continue };
        let vocab = config.vocab;
        match load(&mut random, config) {
            Ok(mut model) => {
                loaded += 1;
                use_any_how(&mut random, &mut model, vocab);
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.kind(), Kind::BadModel, "{error}");
                check_refusal(&error);
            }
        }
    }
    assert!(loaded > MODELS / 20 && refused > MODELS / 20, "{loaded} loaded, {refused} refused");
}

#[test]
fn edited_contexts_are_restored_or_refused() {
    let mut random = Random(SEED + 2);
    let mut models = 0;
    while models < 6 {
        let record = small(&mut random).number("context", CONTEXT as f64);
        let Ok(mut model) = Config::read(&record).and_then(|config| load(&mut random, config)) else { continue };
        if model.forward(&[0, 0, 0]).is_err() {
            continue;
        }
        models += 1;
        edit_contexts(&mut random, &mut model, CONTEXTS / 6);
    }
}

/// Restores edited bytes, most of them with the checksum that they should have: then the rows themselves are judged.
fn edit_contexts(random: &mut Random, model: &mut Model, cases: usize) {
    let saved = model.save_context().unwrap();
    let (mut right, mut taken) = (0, 0);
    for _ in 0..cases {
        let mut bytes = edited(random, &saved);
        let sign = !random.once_in(4) && signed(&mut bytes);
        right += usize::from(sign);
        match model.restore_context(&bytes) {
            Ok(()) => {
                assert!(sign || bytes == saved, "edited bytes were taken");
                assert_eq!(model.save_context().unwrap(), bytes, "another context came back");
                taken += 1;
                go_on(model);
                model.restore_context(&saved).unwrap();
            }
            Err(error) => check_refusal(&error),
        }
        assert_eq!(model.save_context().unwrap(), saved);
    }
    assert!(taken > cases / 20 && taken < right, "{taken} of {right} signed contexts taken");
}

/// What a context that was taken answers: finite numbers, or why not.
fn go_on(model: &mut Model) {
    if model.ids().len() == CONTEXT {
        return;
    }
    match model.forward(&[0]) {
        Ok(()) => assert!(model.logits().iter().all(|l| l.is_finite())),
        Err(error) => check_refusal(&error),
    }
}

fn edited(random: &mut Random, saved: &[u8]) -> Vec<u8> {
    let mut bytes = saved.to_vec();
    for _ in 0..1 + random.below(3) {
        match random.below(8) {
            0 => bytes.truncate(random.below(bytes.len() + 1)),
            1 => bytes.extend((0..random.below(40)).map(|_| 255)),
            _ if bytes.is_empty() => {}
            _ => {
                let within = random.pick(&[64, usize::MAX, usize::MAX]);
                let (at, any) = (random.below(bytes.len().min(within)), random.next() as u8);
                bytes[at] = random.pick(&[0, 1, 127, 128, 255, any]);
            }
        }
    }
    bytes
}
