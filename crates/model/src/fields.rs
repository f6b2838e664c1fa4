//! Records whose fields are read by name, so that a caller's order of them means nothing.

use alloc::format;
use alloc::string::String;

use crate::error::Error;

/// A record of named fields: a JavaScript object, or a map in tests. A field that is absent or of another kind is `NaN`,
/// the empty word or the empty record.
pub trait Fields: Sized {
    /// The number of this name; a boolean is 0 or 1.
    fn number(&self, name: &str) -> f64;
    /// The string of this name.
    fn word(&self, name: &str) -> String;
    /// The record of this name.
    fn record(&self, name: &str) -> Self;
}

/// A whole number from 1 to `max`.
pub(crate) fn size(fields: &impl Fields, name: &str, max: usize) -> Result<usize, Error> {
    let value = fields.number(name);
    if value >= 1.0 && value <= max as f64 && (value as usize) as f64 == value {
        return Ok(value as usize);
    }
    // Measurement: printing an f64 takes 5 kB of wasm.
    Err(Error::bad_model(format!("{name} is {}; expected a whole number from 1 to {max}", value as i64)))
}

/// A finite number that f32 and the arithmetic with it hold.
pub(crate) fn real(fields: &impl Fields, name: &str) -> Result<f64, Error> {
    let value = fields.number(name);
    let sane = value.is_finite() && value.abs() < 1e9;
    sane.then_some(value).ok_or_else(|| Error::bad_model(format!("{name} is no finite number below 10^9")))
}

/// 0 or 1.
pub(crate) fn flag(fields: &impl Fields, name: &str) -> Result<bool, Error> {
    match fields.number(name) {
        0.0 => Ok(false),
        1.0 => Ok(true),
        _ => Err(Error::bad_model(format!("{name} is neither true nor false"))),
    }
}

/// What one of several words stands for.
pub(crate) fn choice<T: Copy>(fields: &impl Fields, name: &str, among: &[(&str, T)]) -> Result<T, Error> {
    let word = fields.word(name);
    let found = among.iter().find(|(known, _)| *known == word);
    found.map(|(_, choice)| *choice).ok_or_else(|| unknown(name, &word, among.iter().map(|(known, _)| *known)))
}

fn unknown<'a>(name: &str, word: &str, mut among: impl Iterator<Item = &'a str>) -> Error {
    let first = among.next().unwrap_or_default();
    let all = among.fold(String::from(first), |all, known| all + ", " + known);
    Error::bad_model(format!("{name} is \"{word}\"; expected one of {all}"))
}
