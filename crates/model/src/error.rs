use alloc::format;
use alloc::string::String;
use core::fmt;

/// What went wrong, in the words of the JavaScript error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file contradicts itself or the specification.
    BadModel,
    /// The allocator refused.
    OutOfMemory,
    /// The context has no room for the tokens asked for.
    ContextFull,
    /// The request makes no sense for this model (a token id past the vocabulary, say).
    Unsupported,
    /// Bytes are not those that were written.
    Integrity,
}

/// Why a model could not be loaded or run: a kind, and what was found against what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into() }
    }

    pub(crate) fn bad_model(message: impl Into<String>) -> Self {
        Error::new(Kind::BadModel, message)
    }

    /// The same of one tensor.
    pub(crate) fn of_tensor(self, name: &str, (rows, k): (usize, usize)) -> Self {
        Error { message: format!("Tensor \"{name}\", {rows} × {k}: {}", self.message), ..self }
    }

    /// What was found against what was expected.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The kind, for callers that decide by it.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl Kind {
    /// The code of the JavaScript error.
    pub fn code(self) -> &'static str {
        match self {
            Kind::BadModel => "bad-model",
            Kind::OutOfMemory => "out-of-memory",
            Kind::ContextFull => "context-full",
            Kind::Unsupported => "unsupported",
            Kind::Integrity => "integrity",
        }
    }
}

/// `code: message`
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.message)
    }
}

impl core::error::Error for Error {}

/// A number to six places, for messages. Measurement: the formatting of floats that Rust brings takes 5 kB of wasm.
pub(crate) fn decimal(value: f32) -> String {
    let millionths = (f64::from(value) * 1e6) as i64;
    if !value.is_finite() || millionths == i64::MAX || millionths == i64::MIN {
        return String::from("past all bounds");
    }
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, rest) = (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
    let text = format!("{sign}{whole}.{rest:06}");
    String::from(text.trim_end_matches('0').trim_end_matches('.'))
}
