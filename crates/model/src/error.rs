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

    /// The kind, for callers that decide by it.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::BadModel => "bad-model",
            Kind::OutOfMemory => "out-of-memory",
            Kind::ContextFull => "context-full",
            Kind::Unsupported => "unsupported",
            Kind::Integrity => "integrity",
        }
    }
}

/// `code: message`, the form JavaScript splits again.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.message)
    }
}

impl core::error::Error for Error {}
