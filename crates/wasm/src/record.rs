//! JavaScript objects as records of named fields. Measurement, `simd128` gzipped: a class of 37 setters in their place took
//! 3.8 kB of wasm and 0.3 kB of glue more.

use pocketbit_model::Fields;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Any object.
    #[wasm_bindgen(js_name = Object, typescript_type = "object")]
    pub type Record;

    #[wasm_bindgen(constructor, js_class = "Object")]
    pub fn new() -> Record;

    #[wasm_bindgen(js_name = Error)]
    pub fn new_error(message: &str) -> Record;

    #[wasm_bindgen(method, structural, indexing_setter)]
    pub fn set(this: &Record, name: &str, value: JsValue);

    // Uncaught, what a getter throws would unwind past Rust's borrow of the engine, which then stayed in use for ever.
    #[wasm_bindgen(method, structural, indexing_getter, catch)]
    fn get(this: &Record, name: &str) -> Result<JsValue, JsValue>;
}

impl Record {
    /// The field of this name; undefined where it throws, as every field of null does.
    fn field(&self, name: &str) -> JsValue {
        self.get(name).unwrap_or(JsValue::UNDEFINED)
    }
}

impl Fields for Record {
    fn number(&self, name: &str) -> f64 {
        let value = self.field(name);
        value.as_f64().or_else(|| value.as_bool().map(f64::from)).unwrap_or(f64::NAN)
    }

    fn word(&self, name: &str) -> String {
        word_of(&self.field(name))
    }

    fn record(&self, name: &str) -> Self {
        match self.field(name) {
            value if value.is_object() => value.unchecked_into(),
            _ => Record::new(),
        }
    }
}

/// A JavaScript error: `code` of the closed list of packages/core, and a message.
pub(crate) fn coded(code: &str, message: &str) -> JsValue {
    let error = new_error(message);
    error.set("code", code.into());
    error.into()
}

/// The error of the model's, as JavaScript catches it.
pub(crate) fn thrown(error: pocketbit_model::Error) -> JsValue {
    coded(error.kind().code(), error.message())
}

/// Longest word that is read, UTF-16 units: no name or choice of a model is as long, and [`pocketbit_model`] keeps this much
/// room free.
const MAX_WORD: usize = 4096;

/// `length` of a string or an array; 0 where it has none. One past `usize` is its largest, for which there is no room.
pub(crate) fn length_of(value: &JsValue) -> usize {
    value.unchecked_ref::<Record>().number("length") as usize
}

/// The string; empty where it is none, or too long for a name.
pub(crate) fn word_of(value: &JsValue) -> String {
    match length_of(value) {
        0..=MAX_WORD => value.as_string().unwrap_or_default(),
        _ => String::new(),
    }
}
