//! What a tensor is for, found from its GGUF name. Source: llama.cpp src/llama-arch.cpp.

use alloc::format;
use alloc::string::String;

use crate::config::Config;

/// A place in the model's graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Embedding,
    OutputNorm,
    Output,
    RopeFactors,
    AttnNorm,
    AttnQ,
    AttnK,
    AttnV,
    AttnSubNorm,
    AttnOutput,
    FfnNorm,
    FfnGate,
    FfnUp,
    FfnSubNorm,
    FfnDown,
    AttnQNorm,
    AttnKNorm,
}

/// Which tensor of that place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Weight,
    /// thresholds of a W1A1 linear `[k]`
    Threshold,
    /// multiplier of a linear's output `[1]`
    Gain,
}

/// A tensor's place; `layer` is 0 for tensors of no layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Role {
    pub(crate) layer: usize,
    pub(crate) part: Part,
    pub(crate) field: Field,
}

/// How a tensor is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Usage {
    Vector,
    Linear,
    Embedding,
}

const WHOLE: [(&str, Part); 4] = [
    ("token_embd", Part::Embedding),
    ("output_norm", Part::OutputNorm),
    ("output", Part::Output),
    ("rope_freqs", Part::RopeFactors),
];

const LAYER: [(&str, Part); 13] = [
    ("attn_norm", Part::AttnNorm),
    ("attn_q", Part::AttnQ),
    ("attn_k", Part::AttnK),
    ("attn_v", Part::AttnV),
    ("attn_sub_norm", Part::AttnSubNorm),
    ("attn_output", Part::AttnOutput),
    ("ffn_norm", Part::FfnNorm),
    ("ffn_gate", Part::FfnGate),
    ("ffn_up", Part::FfnUp),
    ("ffn_sub_norm", Part::FfnSubNorm),
    ("ffn_down", Part::FfnDown),
    ("attn_q_norm", Part::AttnQNorm),
    ("attn_k_norm", Part::AttnKNorm),
];

const FIELDS: [(&str, Field); 3] =
    [("weight", Field::Weight), ("act_threshold", Field::Threshold), ("scale", Field::Gain)];

impl Role {
    /// The weights of `part`.
    pub(crate) fn weight(layer: usize, part: Part) -> Role {
        Role { layer, part, field: Field::Weight }
    }

    pub(crate) fn of(name: &str) -> Option<Role> {
        let mut words = name.split('.');
        let first = words.next()?;
        let (layer, part) = match first {
            "blk" => (layer_number(words.next()?)?, find(&LAYER, words.next()?)?),
            part => (0, find(&WHOLE, part)?),
        };
        let field = find(&FIELDS, words.next()?)?;
        let role = Role { layer, part, field };
        (words.next().is_none() && (field == Field::Weight || part.is_linear())).then_some(role)
    }

    pub(crate) fn name(self) -> String {
        let field = name_of(&FIELDS, self.field);
        match WHOLE.iter().find(|(_, part)| *part == self.part) {
            Some((part, _)) => format!("{part}.{field}"),
            None => format!("blk.{}.{}.{field}", self.layer, name_of(&LAYER, self.part)),
        }
    }

    /// How the tensor is used, and its shape `(rows, k)`: one row for a vector.
    pub(crate) fn expected(self, c: &Config) -> (Usage, (usize, usize)) {
        let (usage, (rows, k)) = self.part.expected(c);
        match self.field {
            Field::Weight => (usage, (rows, k)),
            Field::Threshold => (Usage::Vector, (1, k)),
            Field::Gain => (Usage::Vector, (1, 1)),
        }
    }
}

impl Part {
    /// The linears of a layer, as `Layer::linears` orders them.
    pub(crate) const LINEARS: [Part; 7] =
        [Part::AttnQ, Part::AttnK, Part::AttnV, Part::AttnOutput, Part::FfnGate, Part::FfnUp, Part::FfnDown];

    fn is_linear(self) -> bool {
        Part::LINEARS.contains(&self)
    }

    fn expected(self, c: &Config) -> (Usage, (usize, usize)) {
        let (dim, q, kv, ffn) = (c.dim, c.q_dim(), c.kv_dim(), c.ffn);
        match self {
            Part::Embedding | Part::Output => (Usage::Embedding, (c.vocab, dim)),
            Part::OutputNorm | Part::AttnNorm | Part::FfnNorm => (Usage::Vector, (1, dim)),
            Part::AttnSubNorm => (Usage::Vector, (1, q)),
            Part::FfnSubNorm => (Usage::Vector, (1, ffn)),
            Part::RopeFactors => (Usage::Vector, (1, c.rope_dims / 2)),
            Part::AttnQNorm | Part::AttnKNorm => (Usage::Vector, (1, c.head_dim)),
            Part::AttnQ => (Usage::Linear, (q, dim)),
            Part::AttnK | Part::AttnV => (Usage::Linear, (kv, dim)),
            Part::AttnOutput => (Usage::Linear, (dim, q)),
            Part::FfnGate | Part::FfnUp => (Usage::Linear, (ffn, dim)),
            Part::FfnDown => (Usage::Linear, (dim, ffn)),
        }
    }
}

/// The number of a layer as GGUF writes it: digits without a leading zero.
fn layer_number(word: &str) -> Option<usize> {
    let plain = word == "0" || !word.starts_with(['0', '+']);
    word.parse().ok().filter(|_| plain)
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == word).map(|(_, found)| *found)
}

fn name_of<T: PartialEq>(table: &[(&'static str, T)], wanted: T) -> &'static str {
    table.iter().find(|(_, found)| *found == wanted).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_roles_are_one_to_one() {
        let all = WHOLE.iter().map(|(_, part)| Role::weight(0, *part));
        let layers = LAYER.iter().map(|(_, part)| Role::weight(17, *part));
        let fields = Part::LINEARS
            .iter()
            .flat_map(|part| [Field::Threshold, Field::Gain].map(|field| Role { layer: 3, part: *part, field }));
        for role in all.chain(layers).chain(fields) {
            assert_eq!(Role::of(&role.name()), Some(role), "{}", role.name());
        }
    }

    #[test]
    fn other_names_have_no_role() {
        for name in [
            "",
            "blk",
            "blk.0",
            "blk.0.attn_q",
            "blk.0.attn_q.bias",
            "blk.00.attn_q.weight",
            "blk.+1.attn_q.weight",
            "blk.-1.attn_q.weight",
            "blk.0.attn_norm.scale",
            "blk.0.attn_q.weight.weight",
            "output.scale",
            "attn_q.weight",
        ] {
            assert_eq!(Role::of(name), None, "{name}");
        }
    }
}
