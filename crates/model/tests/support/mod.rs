//! Test-only: loads a fixture GGUF straight into the engine, without the TypeScript reader, trusting the file.

use std::collections::HashMap;
use std::path::PathBuf;

use pocketbit_model::{Config, Loader, Model};

mod record;

use record::Record;

/// A parsed fixture.
pub(crate) struct Gguf {
    bytes: Vec<u8>,
    numbers: HashMap<String, f64>,
    strings: HashMap<String, String>,
    tensors: Vec<Tensor>,
    data: usize,
}

struct Tensor {
    name: String,
    ne: Vec<usize>,
    ggml: u32,
    offset: usize,
}

struct Cursor<'a>(&'a [u8], usize);

impl Cursor<'_> {
    fn take(&mut self, n: usize) -> &[u8] {
        self.1 += n;
        &self.0[self.1 - n..self.1]
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    fn u64(&mut self) -> usize {
        u64::from_le_bytes(self.take(8).try_into().unwrap()) as usize
    }

    fn string(&mut self) -> String {
        let n = self.u64();
        String::from_utf8_lossy(self.take(n)).into_owned()
    }

    /// A value as number or string; arrays are skipped.
    fn value(&mut self, kind: u32) -> (Option<f64>, Option<String>) {
        let number = match kind {
            0 | 7 => f64::from(self.take(1)[0]),
            1 => f64::from(self.take(1)[0] as i8),
            2 => f64::from(u16::from_le_bytes(self.take(2).try_into().unwrap())),
            4 => f64::from(self.u32()),
            5 => f64::from(self.u32() as i32),
            6 => f64::from(f32::from_bits(self.u32())),
            10 | 11 => self.u64() as f64,
            12 => f64::from_bits(self.u64() as u64),
            8 => return (None, Some(self.string())),
            9 => {
                let (kind, n) = (self.u32(), self.u64());
                (0..n).for_each(|_| drop(self.value(kind)));
                return (None, None);
            }
            other => panic!("value type {other}"),
        };
        (Some(number), None)
    }
}

/// The path of a fixture or bundled file, from the repository's root.
#[allow(dead_code)] // the example takes paths as they come
pub(crate) fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

impl Gguf {
    /// Reads a GGUF v3 file.
    pub(crate) fn read(path: PathBuf) -> Gguf {
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut at = Cursor(&bytes, 8);
        let (tensor_count, kv_count) = (at.u64(), at.u64());
        let (mut numbers, mut strings) = (HashMap::new(), HashMap::new());
        for _ in 0..kv_count {
            let (key, kind) = (at.string(), at.u32());
            let (number, string) = at.value(kind);
            number.map(|n| numbers.insert(key.clone(), n));
            string.map(|s| strings.insert(key, s));
        }
        let tensors = (0..tensor_count).map(|_| Tensor::read(&mut at)).collect();
        let data = at.1.next_multiple_of(32);
        Gguf { bytes, numbers, strings, tensors, data }
    }

    fn key(&self, name: &str) -> Option<f64> {
        self.numbers.get(&format!("{}.{name}", self.strings["general.architecture"])).copied()
    }

    fn has(&self, tensor: &str) -> bool {
        self.tensors.iter().any(|t| t.name == tensor)
    }

    /// The engine's config for this file.
    pub(crate) fn config(&self, kv: &str, head: &str) -> Config {
        let need = |name: &str| self.key(name).unwrap_or_else(|| panic!("no {name}"));
        let flag = |b: bool| f64::from(u8::from(b));
        let arch = self.strings["general.architecture"].as_str();
        let text = |name: &str| self.strings.get(&format!("{arch}.{name}")).map(String::as_str);
        let relu2 = arch == "bitnet-b1.58" || text("hidden_activation") == Some("relu2");
        let (dim, heads) = (need("embedding_length"), need("attention.head_count"));
        let head_dim = self.key("attention.key_length").unwrap_or(dim / heads);
        let vocab = self.tensors.iter().find(|t| t.name == "token_embd.weight").unwrap().ne[1] as f64;
        let yarn = text("rope.scaling.type") == Some("yarn");
        let record = Record::plain()
            .word("activation", if relu2 { "relu2" } else { "silu" })
            .word("kv", kv)
            .word("head", head)
            .word("ropePairing", if arch == "llama" { "norm" } else { "neox" })
            .word("ropeScaling.kind", if yarn { "yarn" } else { "none" })
            .numbers(&[
                ("activationBits", self.numbers.get("pocketbit.activation_bits").copied().unwrap_or(8.0)),
                ("vocab", vocab),
                ("dim", dim),
                ("layers", need("block_count")),
                ("heads", heads),
                ("kvHeads", self.key("attention.head_count_kv").unwrap_or(heads)),
                ("headDim", head_dim),
                ("ffn", need("feed_forward_length")),
                ("context", need("context_length").min(512.0)),
                ("ropeDims", self.key("rope.dimension_count").unwrap_or(head_dim)),
                ("ropeBase", self.key("rope.freq_base").unwrap_or(10000.0)),
                ("rmsEps", need("attention.layer_norm_rms_epsilon")),
                ("tied", flag(!self.has("output.weight"))),
                ("subNorms", flag(self.has("blk.0.attn_sub_norm.weight"))),
                ("qkNorm", flag(self.has("blk.0.attn_q_norm.weight"))),
                ("ropeScaling.factor", self.key("rope.scaling.factor").unwrap_or(1.0)),
                ("ropeScaling.originalContext", self.key("rope.scaling.original_context_length").unwrap_or(1.0)),
            ]);
        Config::read(&record).unwrap()
    }

    /// Loads every tensor, pushing `chunk` bytes at a time.
    pub(crate) fn load(&self, config: Config, chunk: usize) -> Model {
        self.load_with(config, chunk, &[])
    }

    /// [`Gguf::load`] with further F32 tensors of one value, by their names after the layer's, in every layer.
    pub(crate) fn load_with(&self, config: Config, chunk: usize, more: &[(&str, f32)]) -> Model {
        let layers = config.layers;
        let mut loader = Loader::new(config).unwrap();
        for (name, value) in more {
            for layer in 0..layers {
                loader.begin(&format!("blk.{layer}.{name}"), 0, 1, 1).unwrap();
                loader.push(&value.to_le_bytes()).unwrap();
                loader.end().unwrap();
            }
        }
        for (i, tensor) in self.tensors.iter().enumerate() {
            let rows = tensor.ne.get(1).copied().unwrap_or(1);
            let from = self.data + tensor.offset;
            let space =
                self.tensors.get(i + 1).map_or(self.bytes.len() - self.data, |next| next.offset) - tensor.offset;
            // Prism's Q2_0 has the id of upstream's and blocks of 128: known by its size.
            let kind = if tensor.ggml == 42 && space < tensor.bytes(42) { 142 } else { tensor.ggml };
            loader.begin(&tensor.name, kind, rows, tensor.ne[0]).unwrap();
            let end = self.tensors.get(i + 1).map_or(self.bytes.len(), |next| self.data + next.offset);
            let n = tensor.bytes(kind);
            assert!(from + n <= end, "{}", tensor.name);
            self.bytes[from..from + n].chunks(chunk).for_each(|bytes| loader.push(bytes).unwrap());
            loader.end().unwrap();
        }
        loader.finish().unwrap()
    }
}

impl Tensor {
    fn read(at: &mut Cursor) -> Tensor {
        let (name, dims) = (at.string(), at.u32());
        let ne = (0..dims).map(|_| at.u64()).collect();
        Tensor { name, ne, ggml: at.u32(), offset: at.u64() }
    }

    fn bytes(&self, kind: u32) -> usize {
        let n: usize = self.ne.iter().product();
        match kind {
            0 => n * 4,
            1 => n * 2,
            8 => n / 32 * 34,
            14 => n / 256 * 210,
            35 => n / 256 * 66,
            36 => n / 4 + 32,
            41 => n / 128 * 18,
            42 => n / 64 * 18,
            142 => n / 128 * 34,
            other => panic!("tensor type {other}"),
        }
    }
}
