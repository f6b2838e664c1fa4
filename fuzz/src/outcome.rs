//! What came of the calls, as one number.

use pocketbit_model::{Error, Model};

/// FNV-1a over all answers and reasons.
pub(crate) struct Outcome(u64);

impl Default for Outcome {
    fn default() -> Self {
        Outcome(0xcbf2_9ce4_8422_2325)
    }
}

impl Outcome {
    pub(crate) fn hash(&self) -> u64 {
        self.0
    }

    pub(crate) fn number(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0100_0000_01b3);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.number(u64::from(*byte)));
    }

    /// A reason is one that JavaScript knows, and says something.
    pub(crate) fn refused(&mut self, error: &Error) {
        assert!(error.message().len() > 10, "{error}");
        self.bytes(error.to_string().as_bytes());
    }

    /// The value of a call that was not refused.
    pub(crate) fn of<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.refused(&error)).ok()
    }

    /// The logits, every one finite.
    pub(crate) fn logits(&mut self, model: &Model) {
        assert!(model.logits().iter().all(|logit| logit.is_finite()));
        model.logits().iter().for_each(|logit| self.number(u64::from(logit.to_bits())));
    }
}
