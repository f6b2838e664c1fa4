//! Typed arrays and words of JavaScript, copied in only once there is room for them: what wasm-bindgen makes of `&[u8]` and
//! `&str` traps where there is none.

use pocketbit_model::filled;
use wasm_bindgen::prelude::*;

use crate::record::{coded, length_of, thrown};

#[wasm_bindgen]
extern "C" {
    /// Bytes.
    #[wasm_bindgen(js_name = Uint8Array, typescript_type = "Uint8Array")]
    pub type Bytes;

    /// Token ids.
    #[wasm_bindgen(js_name = Uint32Array, typescript_type = "Uint32Array")]
    pub type Ids;

    /// A string.
    #[wasm_bindgen(js_name = String, typescript_type = "string")]
    pub type Word;

    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call, catch)]
    fn set_bytes(to: &mut [u8], from: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = ["Uint32Array", "prototype", "set"], js_name = call, catch)]
    fn set_ids(to: &mut [u32], from: &JsValue) -> Result<(), JsValue>;
}

fn unreadable(_: JsValue) -> JsValue {
    coded("unsupported", "no array of numbers was given")
}

impl Bytes {
    /// Errors: `out-of-memory`, `unsupported`.
    pub(crate) fn copied(&self) -> Result<Vec<u8>, JsValue> {
        let mut bytes = filled(0, length_of(self)).map_err(thrown)?;
        set_bytes(&mut bytes, self).map_err(unreadable)?;
        Ok(bytes)
    }
}

impl Ids {
    /// Errors: `out-of-memory`, `unsupported`.
    pub(crate) fn copied(&self) -> Result<Vec<u32>, JsValue> {
        let mut ids = filled(0, length_of(self)).map_err(thrown)?;
        set_ids(&mut ids, self).map_err(unreadable)?;
        Ok(ids)
    }
}
