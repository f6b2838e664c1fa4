//! The same in a wasm module without imports: the host feeds an input byte by byte, then runs it.

use std::sync::Mutex;

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// The next byte of the input.
#[no_mangle]
extern "C" fn feed(byte: u32) {
    if let Ok(mut input) = INPUT.lock() {
        input.push(byte as u8);
    }
}

/// [`crate::engine`] of what was fed since the last run.
#[no_mangle]
extern "C" fn run() -> u64 {
    let data = INPUT.lock().map(|mut input| std::mem::take(&mut *input)).unwrap_or_default();
    crate::engine(&data)
}
