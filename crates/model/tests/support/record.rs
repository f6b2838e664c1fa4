//! Test-only: a config as a JavaScript object would hold it. The field `a` of the record `b` is kept as `b.a`.

use std::collections::BTreeMap;

use pocketbit_model::Fields;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Word(String),
}

/// Fields by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(pub(crate) BTreeMap<String, Value>);

impl Record {
    pub(crate) fn number(mut self, name: &str, value: f64) -> Self {
        self.0.insert(name.into(), Value::Number(value));
        self
    }

    pub(crate) fn word(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.into(), Value::Word(value.into()));
        self
    }

    /// Several numbers at once.
    pub(crate) fn numbers(self, fields: &[(&str, f64)]) -> Self {
        fields.iter().fold(self, |record, (name, value)| record.number(name, *value))
    }

    /// Choices that most models make, without scales and RoPE scaling.
    pub(crate) fn plain() -> Self {
        let words = [("activation", "silu"), ("kv", "f32"), ("head", "int8"), ("ropePairing", "neox")];
        words
            .iter()
            .fold(Record::default(), |record, (name, value)| record.word(name, value))
            .word("ropeScaling.kind", "none")
            .numbers(&[
                ("activationBits", 8.0),
                ("ropeBase", 1e4),
                ("rmsEps", 1e-5),
                ("tied", 1.0),
                ("subNorms", 1.0),
                ("qkNorm", 0.0),
                ("scales.embedding", 1.0),
                ("scales.residual", 1.0),
                ("scales.logit", 1.0),
                ("ropeScaling.factor", 1.0),
                ("ropeScaling.originalContext", 1.0),
                ("ropeScaling.attentionFactor", 1.0),
                ("ropeScaling.betaFast", 32.0),
                ("ropeScaling.betaSlow", 1.0),
                ("ropeScaling.extFactor", 1.0),
                ("attentionScale", 0.0),
            ])
    }
}

impl Fields for Record {
    fn number(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Value::Number(value)) => *value,
            _ => f64::NAN,
        }
    }

    fn word(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(Value::Word(word)) => word.clone(),
            _ => String::new(),
        }
    }

    fn record(&self, name: &str) -> Self {
        let inner = self.0.iter().filter_map(|(key, value)| {
            let rest = key.strip_prefix(name)?.strip_prefix('.')?;
            Some((rest.to_string(), value.clone()))
        });
        Record(inner.collect())
    }
}
