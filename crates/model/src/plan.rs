//! What a model takes, known from its config and the list of its tensors before any weight is there.

use crate::config::{Config, MAX_WEIGHTS};
use crate::error::{Error, Kind};
use crate::kv_cache::KvCache;
use crate::loader::resolve;
use crate::memory::Room;
use crate::role::{Field, Part, Role};
use crate::state::State;

/// Adds up the memory of a model. Sizes in bytes; they hold whatever wasm32 can address.
pub struct MemoryPlan {
    config: Config,
    weights: u64,
    /// whether a product reads activations quantised per group
    per_group: bool,
}

impl MemoryPlan {
    /// The plan of a model without tensors.
    pub fn new(config: Config) -> Self {
        MemoryPlan { config, weights: 0, per_group: false }
    }

    /// Adds the tensor of a GGUF name: GGUF type `ggml`, `[rows][k]`. Errors: `bad-model`, `out-of-memory`.
    pub fn add(&mut self, name: &str, ggml: u32, rows: usize, k: usize) -> Result<(), Error> {
        if (rows as u64).saturating_mul(k as u64) >= MAX_WEIGHTS {
            return Err(Error::new(Kind::OutOfMemory, "more weights than wasm32 counts").of_tensor(name, (rows, k)));
        }
        let resolved = resolve(&self.config, name, ggml, (rows, k));
        let (role, _, storage) = resolved.map_err(|error| error.of_tensor(name, (rows, k)))?;
        // A multiplier is taken into the scales of its linear.
        if role.field != Field::Gain {
            self.weights += storage.resident_bytes((rows, k));
        }
        self.per_group |= storage.groups_activations() && self.multiplies(role);
        Ok(())
    }

    /// Whether the tensor is a matrix of a product: an embedding is only where it is the head too.
    fn multiplies(&self, role: Role) -> bool {
        role.part != Part::Embedding || self.config.tied
    }

    /// Packed weights.
    pub fn weight_bytes(&self) -> u64 {
        self.weights
    }

    /// Keys and values of the whole context: reserved at once, touched as it grows.
    pub fn kv_bytes(&self) -> u64 {
        KvCache::bytes_for(&self.config)
    }

    /// Activations of a slice, attention scores, logits, RoPE tables, and the context's ids.
    pub fn scratch_bytes(&self) -> u64 {
        let mut room = Room::counted();
        // Nothing is allocated, so nothing fails.
        let _ = State::new(&self.config, &[], self.per_group, &mut room);
        room.bytes() + (self.config.context * size_of::<u32>()) as u64
    }
}
