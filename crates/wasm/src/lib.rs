//! The wasm-bindgen surface: named fields, types and copies, no logic. Errors cross as `Error` with a `code`.
#![forbid(unsafe_code)]
#![allow(missing_docs)] // wasm-bindgen's generated items

mod arrays;
mod record;

use pocketbit_model::{copied, Config, Fields, Loader, MemoryPlan, Model, SamplerOptions, TensorProfile};
use wasm_bindgen::prelude::*;

use arrays::{Bytes, Ids, Word};
use record::{coded, length_of, thrown, word_of, Record};

/// A model being loaded, then a model.
#[wasm_bindgen]
pub struct Engine {
    stage: Stage,
}

enum Stage {
    Loading(Box<Loader>),
    Ready(Box<Model>),
    /// `finish` failed; the tensors are gone.
    Failed,
}

#[wasm_bindgen]
impl Engine {
    /// An empty model of the shape in `config`, a `ModelConfig` of packages/core. Errors: `bad-model`, `out-of-memory`.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &Record) -> Result<Engine, JsValue> {
        let loader = Config::read(config).and_then(Loader::new).map_err(thrown)?;
        Ok(Engine { stage: Stage::Loading(Box::new(loader)) })
    }

    /// Sets the kernels of a family and size (`small`: under 2²⁰ weights, `large`: from there on) by name, before the
    /// first tensor: `kernelNames` lists them. No bit of a result depends on it.
    pub fn choose(&mut self, family: &str, size: &str, gemv: &str, gemm: &str) -> Result<(), JsValue> {
        self.loader()?.choose(family, size, gemv, gemm).map_err(thrown)
    }

    /// Which kernels serve which matrix: records of `name`, `family`, `bytes`, `gemv`, `gemm`.
    pub fn profile(&mut self) -> Result<Vec<JsValue>, JsValue> {
        Ok(self.model()?.profile().iter().map(profile_record).collect())
    }

    /// Grows the memory once, for `bytes` of weights, cache and scratch, and not with every tensor.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), JsValue> {
        self.loader()?.reserve(bytes).map_err(thrown)
    }

    /// Starts a tensor: GGUF name, GGUF type, `[rows][k]`.
    #[wasm_bindgen(js_name = beginTensor)]
    pub fn begin_tensor(&mut self, name: &Word, ggml: u32, rows: usize, k: usize) -> Result<(), JsValue> {
        self.loader()?.begin(&word_of(name), ggml, rows, k).map_err(thrown)
    }

    /// The next bytes of the open tensor, in file order, cut anywhere.
    pub fn push(&mut self, bytes: &Bytes) -> Result<(), JsValue> {
        self.loader()?.push(&bytes.copied()?).map_err(thrown)
    }

    /// Ends the open tensor.
    #[wasm_bindgen(js_name = endTensor)]
    pub fn end_tensor(&mut self) -> Result<(), JsValue> {
        self.loader()?.end().map_err(thrown)
    }

    /// Checks that every tensor came; the engine is ready.
    pub fn finish(&mut self) -> Result<(), JsValue> {
        self.loader()?;
        if let Stage::Loading(loader) = core::mem::replace(&mut self.stage, Stage::Failed) {
            self.stage = Stage::Ready(Box::new(loader.finish().map_err(thrown)?));
        }
        Ok(())
    }

    /// Appends ids to the context and computes the logits after the last.
    pub fn forward(&mut self, ids: &Ids) -> Result<(), JsValue> {
        self.model()?.forward(&ids.copied()?).map_err(thrown)
    }

    /// `forward` in pieces: takes the ids, `advance` computes.
    pub fn begin(&mut self, ids: &Ids) -> Result<(), JsValue> {
        self.model()?.begin(&ids.copied()?).map_err(thrown)
    }

    /// At most `layers` layers for the next of the ids begun with; true once the logits are there.
    pub fn advance(&mut self, layers: usize) -> Result<bool, JsValue> {
        self.model()?.advance(layers).map_err(thrown)
    }

    /// A copy of the logits, `[vocab]`.
    pub fn logits(&mut self) -> Result<Vec<f32>, JsValue> {
        copied(self.model()?.logits()).map_err(thrown)
    }

    /// Sets how `sample` chooses and restarts its random stream. `options` has the numbers `seed`, `temperature`, `topK`,
    /// `topP`, `minP`, `repeatPenalty` and `repeatLast`. Errors: `unsupported`.
    #[wasm_bindgen(js_name = setSampler)]
    pub fn set_sampler(&mut self, options: &Record) -> Result<(), JsValue> {
        let model = self.model()?;
        if !options.is_object() {
            return Err(coded("unsupported", "the sampler takes a record of numbers"));
        }
        model.set_sampler(SamplerOptions {
            seed: options.number("seed") as u64,
            temperature: options.number("temperature") as f32,
            top_k: options.number("topK") as usize,
            top_p: options.number("topP") as f32,
            min_p: options.number("minP") as f32,
            repeat_penalty: options.number("repeatPenalty") as f32,
            repeat_last: options.number("repeatLast") as usize,
        });
        Ok(())
    }

    /// Where the sampler's random stream stands: the low and the high half of 64 bits.
    #[wasm_bindgen(js_name = samplerState)]
    pub fn sampler_state(&mut self) -> Result<Vec<u32>, JsValue> {
        let state = self.model()?.sampler_state();
        Ok([state as u32, (state >> 32) as u32].to_vec())
    }

    /// Sets the random stream to `state`, after `setSampler` with the options it was taken from.
    #[wasm_bindgen(js_name = restoreSampler)]
    pub fn restore_sampler(&mut self, low: u32, high: u32) -> Result<(), JsValue> {
        self.model()?.restore_sampler(u64::from(low) | u64::from(high) << 32);
        Ok(())
    }

    /// The next id by the current logits; it is not appended.
    pub fn sample(&mut self) -> Result<u32, JsValue> {
        self.model()?.sample().map_err(thrown)
    }

    /// Keeps the first `length` positions of the context.
    pub fn truncate(&mut self, length: usize) -> Result<(), JsValue> {
        self.model()?.truncate(length);
        Ok(())
    }

    /// The context as bytes: ids, keys and values, not the logits.
    #[wasm_bindgen(js_name = saveContext)]
    pub fn save_context(&mut self) -> Result<Vec<u8>, JsValue> {
        self.model()?.save_context().map_err(thrown)
    }

    /// Replaces the context by a saved one of the same model. The logits are 0 until an id is forwarded.
    #[wasm_bindgen(js_name = restoreContext)]
    pub fn restore_context(&mut self, bytes: &Bytes) -> Result<(), JsValue> {
        let model = self.model()?;
        let (found, most) = (length_of(bytes), model.longest_saved());
        if found > most {
            // It would make the memory grow for good before it is refused.
            let message = format!("a saved context has {found} bytes; this model saves at most {most}");
            return Err(coded("integrity", &message));
        }
        model.restore_context(&bytes.copied()?).map_err(thrown)
    }

    /// A copy of the context's ids.
    pub fn ids(&mut self) -> Result<Vec<u32>, JsValue> {
        copied(self.model()?.ids()).map_err(thrown)
    }

    /// Bytes of weights, cache and scratch; 0 until ready.
    #[wasm_bindgen(getter, js_name = residentBytes)]
    pub fn resident_bytes(&self) -> usize {
        match &self.stage {
            Stage::Ready(model) => model.resident_bytes(),
            _ => 0,
        }
    }

    fn loader(&mut self) -> Result<&mut Loader, JsValue> {
        match &mut self.stage {
            Stage::Loading(loader) => Ok(loader),
            _ => Err(coded("busy", "this engine has been loaded already; create another")),
        }
    }

    fn model(&mut self) -> Result<&mut Model, JsValue> {
        match &mut self.stage {
            Stage::Ready(model) => Ok(model),
            _ => Err(coded("busy", "this engine is not loaded; call finish() first")),
        }
    }
}

fn profile_record(tensor: &TensorProfile) -> JsValue {
    let record = Record::new();
    record.set("name", tensor.name.as_str().into());
    record.set("family", tensor.family.into());
    record.set("bytes", (tensor.bytes as f64).into());
    record.set("gemv", tensor.gemv.into());
    record.set("gemm", tensor.gemm.into());
    record.into()
}

/// What a model takes, bytes: a record of `weightBytes`, `kvBytes` (of the whole context) and `scratchBytes` (activations,
/// attention scores, logits, RoPE tables and the context's ids). `config` as for `Engine`; `tensors` is a list of records of
/// `name` (GGUF), `type` (GGUF), `rows` and `k`. Errors: `bad-model`, `out-of-memory`.
#[wasm_bindgen(js_name = memoryPlan)]
pub fn memory_plan(config: &Record, tensors: &Record) -> Result<JsValue, JsValue> {
    let mut plan = MemoryPlan::new(Config::read(config).map_err(thrown)?);
    for i in 0..tensors.number("length") as usize {
        let tensor = tensors.record(&i.to_string());
        let (rows, k) = (tensor.number("rows") as usize, tensor.number("k") as usize);
        plan.add(&tensor.word("name"), tensor.number("type") as u32, rows, k).map_err(thrown)?;
    }
    let record = Record::new();
    record.set("weightBytes", (plan.weight_bytes() as f64).into());
    record.set("kvBytes", (plan.kv_bytes() as f64).into());
    record.set("scratchBytes", (plan.scratch_bytes() as f64).into());
    Ok(record.into())
}

/// A seeded random matrix with one kernel, to be timed.
#[wasm_bindgen]
pub struct Trial {
    trial: pocketbit_model::Trial,
}

#[wasm_bindgen]
impl Trial {
    /// A matrix `[rows][k]` of `family` and `tokens` activation rows: one token runs the kernel `gemv`, more run `gemm`,
    /// which reads the layout of `gemv`. Empty names are the defaults. Errors: `unsupported`.
    #[wasm_bindgen(constructor)]
    pub fn new(family: &str, rows: usize, k: usize, tokens: usize, gemv: &str, gemm: &str) -> Result<Trial, JsValue> {
        let trial = pocketbit_model::Trial::new(family, rows, k, tokens, gemv, gemm).map_err(thrown)?;
        Ok(Trial { trial })
    }

    /// Multiplies `times` over.
    pub fn run(&mut self, times: u32) {
        self.trial.run(times);
    }

    /// Multiply-adds of one run.
    #[wasm_bindgen(getter)]
    pub fn macs(&self) -> f64 {
        self.trial.macs()
    }

    /// Weight bytes one run reads.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> usize {
        self.trial.bytes()
    }
}

/// Kernels of a family, the default first: GEMV for one token, GEMM for more.
#[wasm_bindgen(js_name = kernelNames)]
pub fn kernel_names(family: &str, tokens: usize) -> Vec<String> {
    pocketbit_model::kernel_names(family, tokens).into_iter().map(String::from).collect()
}

/// Which kernels this artifact holds: scalar, simd128 or relaxed.
#[wasm_bindgen]
pub fn variant() -> String {
    pocketbit_model::VARIANT.into()
}

/// 0 if this engine answers every probed kernel as the specification says, else a mask of the families that differ.
#[wasm_bindgen]
pub fn probe() -> u32 {
    pocketbit_model::probe()
}
