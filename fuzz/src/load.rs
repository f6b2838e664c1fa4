//! The tensors of a config, on their way in whole, cut anywhere, edited, out of place or not at all.

use pocketbit_model::config::Activations;
use pocketbit_model::{kernel_names, Config, Error, Loader, MemoryPlan, Model};

use crate::input::Input;
use crate::outcome::Outcome;
use crate::random::{block_of, content, Random};
use crate::wanted::{tensors as wanted, LINEARS};

/// A tensor as a file's header names it.
pub(crate) struct Tensor {
    name: String,
    ggml: u32,
    rows: usize,
    k: usize,
}

const TYPES: [u32; 14] = [0, 1, 2, 6, 8, 12, 14, 30, 34, 35, 36, 41, 42, 142];
const ODD_TYPES: [u32; 6] = [3, 38, 39, 255, 65_536, u32::MAX];
const ODD_SIZES: [usize; 6] = [0, 1, 17, 1 << 16, 1 << 30, u32::MAX as usize];
/// Most pieces that a tensor comes in.
const MAX_PIECES: usize = 40;

/// Every tensor of the config, and those that a file may have besides.
pub(crate) fn tensors(input: &mut Input, config: &Config) -> Vec<Tensor> {
    let mut list = wanted(config);
    if input.byte() & 1 == 1 {
        list.push(("rope_freqs.weight".into(), 1, config.rope_dims / 2, true));
    }
    if input.byte() & 1 == 1 {
        list.push((format!("blk.0.{}.scale", input.pick(&LINEARS)), 1, 1, true));
    }
    let binary = config.activations == Activations::Binary;
    let mut named = Vec::with_capacity(list.len());
    for (name, rows, k, vector) in list {
        let ggml = match vector {
            true => input.pick(&[0, 1, 30]),
            false if binary && name.starts_with("blk") => 41,
            false => type_of(input, k),
        };
        named.push(odd(input, Tensor { name, ggml, rows, k }));
    }
    named
}

/// A type whose blocks fit rows of `k`.
fn type_of(input: &mut Input, k: usize) -> u32 {
    let fitting: Vec<u32> = TYPES.into_iter().filter(|kind| k % block_of(*kind).1 == 0).collect();
    input.pick(&fitting)
}

/// The tensor, or, seldom, one that the config does not ask for.
fn odd(input: &mut Input, tensor: Tensor) -> Tensor {
    if !input.seldom() {
        return tensor;
    }
    match input.below(4) {
        0 => Tensor { name: String::from_utf8_lossy(&input.bytes()).into_owned(), ..tensor },
        1 => Tensor { ggml: input.pick(&ODD_TYPES), ..tensor },
        2 => Tensor { rows: input.pick(&ODD_SIZES), ..tensor },
        _ => Tensor { k: input.pick(&ODD_SIZES), ..tensor },
    }
}

/// What the plan says that a model of these tensors takes, bytes.
pub(crate) fn planned(config: &Config, tensors: &[Tensor]) -> u64 {
    let mut plan = MemoryPlan::new(config.clone());
    for Tensor { name, ggml, rows, k } in tensors {
        // A plan refuses what a loader refuses; there it is seen what a caller gets that goes on.
        let _ = plan.add(name, *ggml, *rows, *k);
    }
    plan.weight_bytes() + plan.kv_bytes() + plan.scratch_bytes()
}

/// The model of the tensors; after a tensor was refused, there must be none.
pub(crate) fn model(
    input: &mut Input,
    config: Config,
    tensors: Vec<Tensor>,
    outcome: &mut Outcome,
) -> Result<Model, Error> {
    let mut loader = Loader::new(config)?;
    choose(input, &mut loader);
    let mut refused = false;
    for (at, tensor) in tensors.iter().enumerate() {
        if input.seldom() {
            continue;
        }
        if let Err(error) = push(input, &mut loader, tensor, at as u64) {
            outcome.refused(&error);
            refused = true;
            let _ = loader.end();
        }
    }
    let model = loader.finish();
    assert!(!refused || model.is_err(), "a model was made after a tensor was refused");
    model
}

/// Other kernels than the defaults, seldom. Which there are differs by build, and no answer may.
fn choose(input: &mut Input, loader: &mut Loader) {
    if !input.seldom() {
        return;
    }
    let family = input.pick(&["ternary", "oneBit", "twoBit", "binary", "int8", "int4", ""]);
    let (gemv, gemm) = (kernel_names(family, 1), kernel_names(family, 2));
    let name = |input: &mut Input, names: &[&'static str]| if names.is_empty() { "none" } else { input.pick(names) };
    let (gemv, gemm) = (name(input, &gemv), name(input, &gemm));
    let _ = loader.choose(family, input.pick(&["small", "large", ""]), gemv, gemm);
}

fn push(input: &mut Input, loader: &mut Loader, tensor: &Tensor, at: u64) -> Result<(), Error> {
    let Tensor { name, ggml, rows, k } = tensor;
    loader.begin(name, *ggml, *rows, *k)?;
    let wild = input.seldom();
    let seed = u64::from(input.byte()) << 8 | at;
    let mut bytes = content(&mut Random(seed), *ggml, rows * k, wild);
    edit(input, &mut bytes);
    let piece = (1 + input.short()).max(bytes.len() / MAX_PIECES);
    bytes.chunks(piece).try_for_each(|piece| loader.push(piece))?;
    loader.end()
}

/// Some bytes of a tensor anything, some gone, some more; mostly none.
fn edit(input: &mut Input, bytes: &mut Vec<u8>) {
    let edits = input.byte().saturating_sub(248);
    for _ in 0..edits {
        let (at, value) = (input.short(), input.byte());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
    }
    match edits {
        6 => bytes.truncate(input.short()),
        7 => bytes.extend(input.bytes()),
        _ => {}
    }
}
