"""The reference model: architectures `bitnet` and `bitnet-b1.58` from a GGUF file, in two modes.

`exact` follows crates/kernels/DESIGN.md operation by operation and should agree with the engine bit for bit.
`float` is the plain float32 network on dequantised weights, without activation quantisation.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from training.reference import codecs, exact_ops
from training.reference.gguf_file import RawTensor, read


@dataclass(frozen=True)
class Shape:
    """Sizes and choices of the model, from GGUF metadata."""

    dim: int
    layers: int
    heads: int
    kv_heads: int
    n_rot: int
    rope_base: float
    eps: float
    activation: str
    binary: bool

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads


def read_shape(meta: dict) -> Shape:
    arch = meta["general.architecture"]
    if arch not in ("bitnet", "bitnet-b1.58"):
        raise ValueError(f"architecture {arch!r}; expected 'bitnet' or 'bitnet-b1.58'")
    dim, heads = meta[f"{arch}.embedding_length"], meta[f"{arch}.attention.head_count"]
    default = "silu" if arch == "bitnet" else "relu2"
    return Shape(
        dim=dim,
        layers=meta[f"{arch}.block_count"],
        heads=heads,
        kv_heads=meta.get(f"{arch}.attention.head_count_kv", heads),
        n_rot=meta.get(f"{arch}.rope.dimension_count", dim // heads),
        rope_base=meta.get(f"{arch}.rope.freq_base", 10000.0),
        eps=meta[f"{arch}.attention.layer_norm_rms_epsilon"],
        activation=meta.get(f"{arch}.hidden_activation", default),
        binary=meta.get("pocketbit.activation_bits", 8) == 1,
    )


class Ternary:
    """A ternary matrix [rows, K] with one scale."""

    def __init__(self, raw: RawTensor):
        codes, scale = codecs.ternary(raw)
        self.codes, self.scale = torch.from_numpy(codes).double(), torch.tensor(scale)

    def exact(self, x: torch.Tensor) -> torch.Tensor:
        return exact_ops.w158a8(x, self.codes, self.scale)

    def float(self, x: torch.Tensor) -> torch.Tensor:
        return x @ (self.codes.float() * self.scale).T


class Binary:
    """A binary matrix [rows, K] with a scale per row and a threshold per input channel."""

    def __init__(self, raw: RawTensor, threshold: RawTensor):
        signs, alpha = codecs.binary(raw)
        self.signs, self.alpha = torch.from_numpy(signs).double(), torch.from_numpy(alpha)
        self.threshold = torch.from_numpy(codecs.table(threshold))

    def exact(self, x: torch.Tensor) -> torch.Tensor:
        return exact_ops.w1a1(x, self.signs, self.alpha, self.threshold)


ATTENTION = {
    "f32": exact_ops.attention_f32,
    "i8": exact_ops.attention_i8,
    "i4": exact_ops.attention_i4,
}


class ExactMode:
    """Operations of the integer-exact mode; `kv` is 'f32', 'i8' or 'i4', `head` is 'i8' or 'f32'."""

    def __init__(self, table: torch.Tensor, kv: str, head: str):
        self.rows, self.scales = exact_ops.quantize_rows(table)
        self.embedding = table if head == "f32" else self.rows.float() * self.scales[:, None]
        self.attention = ATTENTION[kv]
        self.head = self.head_f32 if head == "f32" else self.head_i8
        self.norm = exact_ops.rms_norm

    def head_i8(self, x: torch.Tensor) -> torch.Tensor:
        return exact_ops.i8a8(x, self.rows, self.scales)

    def head_f32(self, x: torch.Tensor) -> torch.Tensor:
        return exact_ops.head_f32(x, self.embedding)

    def linear(self, matrix, x: torch.Tensor) -> torch.Tensor:
        return matrix.exact(x)

    def gate(self, kind: str, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        return (exact_ops.relu2_gate if kind == "relu2" else exact_ops.silu_gate)(gate, up)


class FloatMode:
    """Operations of the float mode."""

    def __init__(self, table: torch.Tensor):
        self.embedding = table

    def norm(self, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), weight, eps)

    def linear(self, matrix, x: torch.Tensor) -> torch.Tensor:
        return matrix.float(x)

    def gate(self, kind: str, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        return (gate.clamp(min=0) ** 2 if kind == "relu2" else F.silu(gate)) * up

    def attention(self, q, k, v, visible):
        q, k, v = (part.transpose(0, 1) for part in (q, k, v))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=visible.transpose(0, 1))
        return out.transpose(0, 1)

    def head(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.embedding.T


class Reference:
    """A loaded model. `logits` runs the whole prompt; `Session` keeps keys and values between calls."""

    def __init__(self, path: Path):
        self.meta, self.tensors = read(path)
        self.shape = read_shape(self.meta)
        self.table = self.vector("token_embd.weight")
        self.linears = {}

    def vector(self, name: str) -> torch.Tensor:
        return torch.from_numpy(codecs.table(self.tensors[name]))

    def matrix(self, name: str):
        """The linear layer `name` (without ".weight"), decoded once."""
        if name not in self.linears:
            raw = self.tensors[f"{name}.weight"]
            threshold = self.tensors[f"{name}.act_threshold"] if self.shape.binary else None
            self.linears[name] = Binary(raw, threshold) if threshold else Ternary(raw)
        return self.linears[name]

    def exact(self, kv: str = "f32", head: str = "i8") -> "Session":
        return Session(self, ExactMode(self.table, kv, head))

    def float(self) -> "Session":
        return Session(self, FloatMode(self.table))


class Session:
    """One sequence: `extend` appends tokens and returns their logits."""

    def __init__(self, model: Reference, mode):
        self.model, self.mode, self.position = model, mode, 0
        self.cache = [None] * model.shape.layers

    def norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return self.mode.norm(x, self.model.vector(f"{name}.weight"), self.model.shape.eps)

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return self.mode.linear(self.model.matrix(name), x)

    def remember(self, layer: int, k: torch.Tensor, v: torch.Tensor):
        """Append k and v [T, KV heads, d] to the cache; return all of them repeated to the query heads."""
        if self.cache[layer] is not None:
            k, v = (torch.cat(pair) for pair in zip(self.cache[layer], (k, v)))
        self.cache[layer] = (k, v)
        repeat = self.model.shape.heads // self.model.shape.kv_heads
        return (part.repeat_interleave(repeat, dim=1) for part in (k, v))

    def attention(self, layer: int, x: torch.Tensor, tables) -> torch.Tensor:
        shape, blk, (count, _) = self.model.shape, f"blk.{layer}", x.shape
        n = self.norm(f"{blk}.attn_norm", x)
        q, k, v = (self.linear(f"{blk}.attn_{part}", n).view(count, -1, shape.head_dim) for part in "qkv")
        q, k = exact_ops.rope(q, *tables), exact_ops.rope(k, *tables)
        k, v = self.remember(layer, k, v)
        rows = torch.arange(self.position, self.position + count)
        visible = torch.arange(k.shape[0])[None, None] <= rows[:, None, None]
        out = self.mode.attention(q, k, v, visible).reshape(count, shape.dim)
        return self.linear(f"{blk}.attn_output", self.norm(f"{blk}.attn_sub_norm", out))

    def feed_forward(self, layer: int, x: torch.Tensor) -> torch.Tensor:
        blk = f"blk.{layer}"
        n = self.norm(f"{blk}.ffn_norm", x)
        gate, up = self.linear(f"{blk}.ffn_gate", n), self.linear(f"{blk}.ffn_up", n)
        h = self.mode.gate(self.model.shape.activation, gate, up)
        return self.linear(f"{blk}.ffn_down", self.norm(f"{blk}.ffn_sub_norm", h))

    @torch.no_grad()
    def extend(self, ids: list[int]) -> torch.Tensor:
        """ids of T tokens -> logits [T, V] behind each of them."""
        shape = self.model.shape
        span = range(self.position, self.position + len(ids))
        tables = exact_ops.rope_tables(span, shape.n_rot, shape.rope_base)
        x = self.mode.embedding[ids]
        for layer in range(shape.layers):
            x = x + self.attention(layer, x, tables)
            x = x + self.feed_forward(layer, x)
        self.position += len(ids)
        return self.mode.head(self.norm("output_norm", x))
