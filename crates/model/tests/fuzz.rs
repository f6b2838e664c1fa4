//! Seeded random configs, tensors, calls and saved contexts: each is taken or refused with a reason, none panics.

use pocketbit_model::config::Activations;
use pocketbit_model::{Config, Error, Kind, Loader, Model, SamplerOptions};

const SEED: u64 = 20_261_122;
const CONFIGS: usize = 100_000;
const MODELS: usize = 15_000;
const CONTEXTS: usize = 60_000;
/// Positions of the models whose contexts are edited.
const CONTEXT: usize = 9;

/// A splitmix64 stream.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A small config; fields as `Config::decode` names them.
fn small(random: &mut Random) -> [f64; 31] {
    let kv_heads = random.pick(&[1.0, 2.0]);
    let head_dim = random.pick(&[16.0, 32.0, 48.0, 64.0, 128.0]);
    let flag = |random: &mut Random| random.pick(&[0.0, 1.0]);
    let mut c = [1.0; 31];
    c[..12].copy_from_slice(&[
        2.0,
        flag(random),
        random.pick(&[8.0, 8.0, 8.0, 1.0]),
        random.pick(&[1.0, 5.0, 33.0, 64.0]),
        random.pick(&[16.0, 32.0, 128.0, 256.0]),
        random.pick(&[1.0, 2.0]),
        kv_heads * random.pick(&[1.0, 2.0, 3.0]),
        kv_heads,
        head_dim,
        random.pick(&[16.0, 64.0, 128.0, 256.0]),
        random.pick(&[1.0, 4.0, 9.0]),
        random.pick(&[2.0, 8.0, head_dim]),
    ]);
    c[12..20].copy_from_slice(&[
        random.pick(&[1.0, 1e4, 1e6]),
        1e-5,
        flag(random),
        random.pick(&[0.0, 1.0, 2.0]),
        random.pick(&[0.0, 1.0, 2.0]),
        flag(random),
        flag(random),
        flag(random),
    ]);
    c[23..].copy_from_slice(&[random.pick(&[0.0, 1.0, 2.0]), 4.0, 64.0, 1.0, 32.0, 1.0, 1.0, 0.0]);
    c
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
fn told(error: &Error) {
    let text = error.to_string();
    assert!(text.len() > 20 && text.contains(": "), "{text}");
}

#[test]
fn any_numbers_are_a_config_or_are_refused() {
    let mut random = Random(SEED);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..CONFIGS {
        let mut values = small(&mut random).to_vec();
        for _ in 0..random.below(4) {
            let at = random.below(values.len());
            values[at] = if random.once_in(3) { f64::from_bits(random.next()) } else { random.pick(&ODD) };
        }
        if random.once_in(50) {
            values.truncate(random.below(32));
        }
        match Config::decode(&values) {
            Ok(config) => {
                taken += 1;
                let slot = random.pick(&SLOTS);
                let (rows, k) = (random.pick(&[0, 1, config.dim, usize::MAX]), random.pick(&[0, 16, config.dim]));
                // What fits this shape may be taken, the rest is refused before anything is allocated.
                let began = Loader::new(config).begin(slot, random.below(3) as u32, random.pick(&TYPES), rows, k);
                began.unwrap_or_else(|error| told(&error));
            }
            Err(error) => {
                refused += 1;
                assert!(matches!(error.kind(), Kind::BadModel | Kind::OutOfMemory), "{error}");
                told(&error);
            }
        }
    }
    assert!(taken > CONFIGS / 20 && refused > CONFIGS / 20, "{taken} taken, {refused} refused");
}

#[test]
fn sizes_that_wrap_around_on_wasm32_are_refused() {
    let good = small(&mut Random(1));
    for changes in [
        &[(4, 65_536.0), (9, 65_536.0)][..],
        &[(3, 1_048_576.0), (4, 4096.0)],
        &[(5, 1024.0), (10, 1_048_576.0), (8, 16.0), (11, 2.0), (6, 1.0), (7, 1.0)],
        &[(5, 1.0), (10, 1_048_573.0), (8, 511.0), (11, 2.0), (6, 64.0), (7, 64.0)],
    ] {
        let mut values = good;
        changes.iter().for_each(|(at, value)| values[*at] = *value);
        let error = Config::decode(&values).expect_err("a config past wasm32 was taken");
        assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
    }
}

const SLOTS: [u32; 20] = [0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 31, 51, u32::MAX];
const TYPES: [u32; 16] = [0, 1, 2, 6, 8, 12, 14, 30, 34, 35, 36, 41, 42, 142, 38, u32::MAX];

/// Bytes and weights of a block of a type, and where its f16 scales are.
fn block_of(ggml: u32) -> (usize, usize, &'static [usize]) {
    match ggml {
        0 => (4, 1, &[]),
        1 | 30 => (2, 1, &[]),
        2 => (18, 32, &[0]),
        6 => (22, 32, &[0]),
        8 => (34, 32, &[0]),
        12 => (144, 256, &[0, 2]),
        14 => (210, 256, &[208]),
        34 => (54, 256, &[52]),
        35 => (66, 256, &[64]),
        36 => (32, 128, &[]),
        41 => (18, 128, &[0]),
        42 => (18, 64, &[0]),
        _ => (34, 128, &[0]),
    }
}

/// The bytes of a tensor: random, with sound scales and codes unless `wild`.
fn content(random: &mut Random, ggml: u32, weights: usize, wild: bool) -> Vec<u8> {
    let (size, block, scales) = block_of(ggml);
    let mut bytes: Vec<u8> = (0..weights / block * size).map(|_| random.next() as u8).collect();
    if ggml == 36 {
        bytes.extend(f32::to_le_bytes(if wild { f32::from_bits(random.next() as u32) } else { 0.5 }));
        bytes.extend([0; 28]);
    }
    if wild {
        return bytes;
    }
    let codes = weights / block * size;
    match ggml {
        0 => bytes.chunks_exact_mut(4).for_each(|b| b.copy_from_slice(&(f32::from(b[0]) / 128.0).to_le_bytes())),
        1 => bytes.chunks_exact_mut(2).for_each(|b| b[1] &= 0xbb),
        30 => bytes.chunks_exact_mut(2).for_each(|b| b[1] &= 0xbf),
        // Codes 0 and 2.
        35 | 36 => bytes[..codes].iter_mut().for_each(|b| *b &= 0xaa),
        _ => {}
    }
    for at in scales {
        bytes.chunks_exact_mut(size).for_each(|b| b[*at..at + 2].copy_from_slice(&0x2c00u16.to_le_bytes()));
    }
    bytes
}

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

/// Every tensor the config asks for: slot, layer, rows, k, and whether it is a vector.
fn tensors(c: &Config) -> Vec<(u32, u32, usize, usize, bool)> {
    let (dim, q, kv, ffn) = (c.dim, c.q_dim(), c.kv_dim(), c.ffn);
    let mut all = vec![(0, 0, c.vocab, dim, false), (1, 0, 1, dim, true)];
    if !c.tied {
        all.push((2, 0, c.vocab, dim, false));
    }
    for l in 0..c.layers as u32 {
        let linears =
            [(11, q, dim), (12, kv, dim), (13, kv, dim), (15, dim, q), (17, ffn, dim), (18, ffn, dim), (20, dim, ffn)];
        all.extend(linears.map(|(slot, rows, k)| (slot, l, rows, k, false)));
        if c.activations == Activations::Binary {
            all.extend(linears.map(|(slot, _, k)| (slot + 20, l, 1, k, true)));
        }
        all.extend([(10, l, 1, dim, true), (16, l, 1, dim, true)]);
        if c.sub_norms {
            all.extend([(14, l, 1, q, true), (19, l, 1, ffn, true)]);
        }
        if c.qk_norm {
            all.extend([(21, l, 1, c.head_dim, true), (22, l, 1, c.head_dim, true)]);
        }
    }
    all
}

/// Tensors that a file may have besides: RoPE factors and the gains of linears.
fn optional(random: &mut Random, c: &Config) -> Vec<(u32, u32, usize, usize, bool)> {
    let mut some = Vec::new();
    if random.once_in(4) {
        some.push((3, 0, 1, c.rope_dims / 2, true));
    }
    for slot in [11, 12, 13, 15, 17, 18, 20] {
        if random.once_in(8) {
            some.push((slot + 40, random.below(c.layers) as u32, 1, 1, true));
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
    let mut loader = Loader::new(config);
    let mut failed = None;
    for (slot, layer, rows, k, vector) in list {
        let ggml =
            if vector { random.pick(&[0, 1, 30]) } else { type_for(random, k, binary && slot != 0 && slot != 2) };
        let wild = random.once_in(300);
        let bytes = content(random, ggml, rows * k, wild);
        let cut = 1 + random.below(bytes.len().max(1));
        let pushed = loader
            .begin(slot, layer, ggml, rows, k)
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
                assert!((model.sample() as usize) < vocab);
            }
            Err(error) => {
                told(&error);
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
        let Ok(config) = Config::decode(&small(&mut random)) else { continue };
        let vocab = config.vocab;
        match load(&mut random, config) {
            Ok(mut model) => {
                loaded += 1;
                use_any_how(&mut random, &mut model, vocab);
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.kind(), Kind::BadModel, "{error}");
                told(&error);
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
        let mut values = small(&mut random);
        values[10] = CONTEXT as f64;
        let Ok(mut model) = Config::decode(&values).and_then(|config| load(&mut random, config)) else { continue };
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
    let (mut signed, mut taken) = (0, 0);
    for _ in 0..cases {
        let mut bytes = edited(random, &saved);
        let sign = !random.once_in(4) && bytes.len() >= CHECKSUM_BYTES;
        if sign {
            signed += 1;
            let end = bytes.len() - CHECKSUM_BYTES;
            let sum = checksum(&bytes[..end]);
            bytes[end..].copy_from_slice(&sum.to_le_bytes());
        }
        match model.restore_context(&bytes) {
            Ok(()) => {
                assert!(sign || bytes == saved, "edited bytes were taken");
                assert_eq!(model.save_context().unwrap(), bytes, "another context came back");
                taken += 1;
                go_on(model);
                model.restore_context(&saved).unwrap();
            }
            Err(error) => told(&error),
        }
        assert_eq!(model.save_context().unwrap(), saved);
    }
    assert!(taken > cases / 20 && taken < signed, "{taken} of {signed} signed contexts taken");
}

/// What a context that was taken answers: finite numbers, or why not.
fn go_on(model: &mut Model) {
    if model.ids().len() == CONTEXT {
        return;
    }
    match model.forward(&[0]) {
        Ok(()) => assert!(model.logits().iter().all(|l| l.is_finite())),
        Err(error) => told(&error),
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

const CHECKSUM_BYTES: usize = 8;

/// FNV-1a over words of four bytes, as saved contexts end with.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(4).fold(0xcbf2_9ce4_8422_2325, |sum, four| {
        let word = four.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        (sum ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}
