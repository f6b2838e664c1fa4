//! The wasm-bindgen surface: types and copies, no logic. Errors cross as `Error("code: message")`.
#![forbid(unsafe_code)]
#![allow(missing_docs)] // wasm-bindgen's generated items

use pocketbit_model::{Config, Loader, Model, SamplerOptions};
use wasm_bindgen::prelude::*;

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
    /// An empty model of the shape in `config` (see `Config::decode`).
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[f64]) -> Result<Engine, JsError> {
        Ok(Engine { stage: Stage::Loading(Box::new(Loader::new(Config::decode(config)?))) })
    }

    /// Sets the kernels of a family and shape class (0: under 2²⁰ weights, 1: from there on) by name, before the first
    /// tensor: `kernelNames` lists them. No bit of a result depends on it.
    pub fn choose(&mut self, family: u32, class: usize, gemv: &str, gemm: &str) -> Result<(), JsError> {
        Ok(self.loader()?.choose(family, class, gemv, gemm)?)
    }

    /// Which kernels serve which matrix: a line each, `slot layer family rows k bytes gemv gemm`.
    pub fn profile(&mut self) -> Result<String, JsError> {
        Ok(self.model()?.profile())
    }

    /// Grows the memory once, for `bytes` of weights, cache and scratch, and not with every tensor.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), JsError> {
        Ok(self.loader()?.reserve(bytes)?)
    }

    /// Starts a tensor: slot, layer, GGUF type, `[rows][k]`.
    #[wasm_bindgen(js_name = beginTensor)]
    pub fn begin_tensor(&mut self, slot: u32, layer: u32, ggml: u32, rows: usize, k: usize) -> Result<(), JsError> {
        Ok(self.loader()?.begin(slot, layer, ggml, rows, k)?)
    }

    /// The next bytes of the open tensor, in file order, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        Ok(self.loader()?.push(bytes)?)
    }

    /// Ends the open tensor.
    #[wasm_bindgen(js_name = endTensor)]
    pub fn end_tensor(&mut self) -> Result<(), JsError> {
        Ok(self.loader()?.end()?)
    }

    /// Checks that every tensor came; the engine is ready.
    pub fn finish(&mut self) -> Result<(), JsError> {
        self.loader()?;
        if let Stage::Loading(loader) = core::mem::replace(&mut self.stage, Stage::Failed) {
            self.stage = Stage::Ready(Box::new(loader.finish()?));
        }
        Ok(())
    }

    /// Appends ids to the context and computes the logits after the last.
    pub fn forward(&mut self, ids: &[u32]) -> Result<(), JsError> {
        Ok(self.model()?.forward(ids)?)
    }

    /// `forward` in pieces: takes the ids, `advance` computes.
    pub fn begin(&mut self, ids: &[u32]) -> Result<(), JsError> {
        Ok(self.model()?.begin(ids)?)
    }

    /// At most `layers` layers for the next of the ids begun with; true once the logits are there.
    pub fn advance(&mut self, layers: usize) -> Result<bool, JsError> {
        Ok(self.model()?.advance(layers)?)
    }

    /// A copy of the logits, `[vocab]`.
    pub fn logits(&mut self) -> Result<Vec<f32>, JsError> {
        Ok(self.model()?.logits().to_vec())
    }

    /// `[seed, temperature, topK, topP, minP, repeatPenalty, repeatLastN]`; restarts the random stream.
    #[wasm_bindgen(js_name = setSampler)]
    pub fn set_sampler(&mut self, options: &[f64]) -> Result<(), JsError> {
        let &[seed, temperature, top_k, top_p, min_p, repeat_penalty, repeat_last] = options else {
            return Err(JsError::new("unsupported: the sampler takes 7 numbers"));
        };
        self.model()?.set_sampler(SamplerOptions {
            seed: seed as u64,
            temperature: temperature as f32,
            top_k: top_k as usize,
            top_p: top_p as f32,
            min_p: min_p as f32,
            repeat_penalty: repeat_penalty as f32,
            repeat_last: repeat_last as usize,
        });
        Ok(())
    }

    /// Where the sampler's random stream stands: the low and the high half of 64 bits.
    #[wasm_bindgen(js_name = samplerState)]
    pub fn sampler_state(&mut self) -> Result<Vec<u32>, JsError> {
        let state = self.model()?.sampler_state();
        Ok([state as u32, (state >> 32) as u32].to_vec())
    }

    /// Sets the random stream to `state`, after `setSampler` with the options it was taken from.
    #[wasm_bindgen(js_name = restoreSampler)]
    pub fn restore_sampler(&mut self, low: u32, high: u32) -> Result<(), JsError> {
        self.model()?.restore_sampler(u64::from(low) | u64::from(high) << 32);
        Ok(())
    }

    /// The next id by the current logits; it is not appended.
    pub fn sample(&mut self) -> Result<u32, JsError> {
        Ok(self.model()?.sample())
    }

    /// Keeps the first `length` positions of the context.
    pub fn truncate(&mut self, length: usize) -> Result<(), JsError> {
        self.model()?.truncate(length);
        Ok(())
    }

    /// The context as bytes: ids, keys and values, not the logits.
    #[wasm_bindgen(js_name = saveContext)]
    pub fn save_context(&mut self) -> Result<Vec<u8>, JsError> {
        Ok(self.model()?.save_context()?)
    }

    /// Replaces the context by a saved one of the same model. The logits are 0 until an id is forwarded.
    #[wasm_bindgen(js_name = restoreContext)]
    pub fn restore_context(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        Ok(self.model()?.restore_context(bytes)?)
    }

    /// Positions in the context.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        match &self.stage {
            Stage::Ready(model) => model.ids().len(),
            _ => 0,
        }
    }

    /// Bytes of weights, cache and scratch; 0 until ready.
    #[wasm_bindgen(getter, js_name = residentBytes)]
    pub fn resident_bytes(&self) -> usize {
        match &self.stage {
            Stage::Ready(model) => model.resident_bytes(),
            _ => 0,
        }
    }

    fn loader(&mut self) -> Result<&mut Loader, JsError> {
        match &mut self.stage {
            Stage::Loading(loader) => Ok(loader),
            _ => Err(JsError::new("busy: this engine has been loaded already; create another")),
        }
    }

    fn model(&mut self) -> Result<&mut Model, JsError> {
        match &mut self.stage {
            Stage::Ready(model) => Ok(model),
            _ => Err(JsError::new("busy: this engine is not loaded; call finish() first")),
        }
    }
}

/// A seeded random matrix with one kernel, to be timed.
#[wasm_bindgen]
pub struct Trial {
    trial: pocketbit_model::Trial,
}

#[wasm_bindgen]
impl Trial {
    /// A matrix `[rows][k]` of `family` and `tokens` activation rows, for the kernel of this name. A GEMM's name may be
    /// `gemv/gemm`, which says whose layout it reads.
    #[wasm_bindgen(constructor)]
    pub fn new(family: u32, rows: usize, k: usize, tokens: usize, name: &str) -> Result<Trial, JsError> {
        Ok(Trial { trial: pocketbit_model::Trial::new(family, rows, k, tokens, name)? })
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

/// Kernels of a family, comma-separated, the default first: GEMV for one token, GEMM for more.
#[wasm_bindgen(js_name = kernelNames)]
pub fn kernel_names(family: u32, tokens: usize) -> String {
    pocketbit_model::kernel_names(family, tokens)
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
