"""Tiny random models of each family, as GGUF, with the logits Hugging Face transformers gives for the same weights.

The weights are drawn in the low-bit form the file holds, so both sides see the same numbers; transformers runs plain
float32 without activation quantisation.

Run: python -m training.reference.transformers_golden
"""

import base64
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from training.export import packing
from training.export.gguf_writer import Tensor, write
from training.export.metadata import tokenizer_metadata
from training.reference.golden import SHAPE, tiny_tokenizer
from transformers import (
    BitNetConfig,
    BitNetForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

OUT = Path(__file__).resolve().parents[2] / "tests/fixtures/families"
COMMAND = "python -m training.reference.transformers_golden"
TOKENS, POSITIONS = 48, 8
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
YARN = {"factor": 4.0, "original_max_position_embeddings": 64}


@dataclass(frozen=True)
class Family:
    """One file: its GGUF architecture, the transformers class and config, the type of its linears and embedding."""

    name: str
    seed: int
    arch: str
    model: type
    config: object
    linear: str
    table: str
    group: int = 0


COMMON = {
    "vocab_size": SHAPE.vocab_size,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "attention_bias": False,
}


def rope(base: float, kind: str = "default", **scaling) -> dict:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": base, **scaling}}


FAMILIES = [
    Family(
        "hf-bitnet", 21, "bitnet-b1.58", BitNetForCausalLM,
        BitNetConfig(**COMMON, **rope(500000.0), rms_norm_eps=1e-5, tie_word_embeddings=True), "TQ2_0", "F16",
    ),
    Family(
        "hf-llama", 22, "llama", LlamaForCausalLM,
        LlamaConfig(**COMMON, **rope(500000.0, "llama3", **LLAMA3), rms_norm_eps=1e-5, tie_word_embeddings=False),
        "TQ2_0", "F16",
    ),
    Family(
        "hf-qwen3-q1", 23, "qwen3", Qwen3ForCausalLM,
        Qwen3Config(**COMMON, **rope(1e6, "yarn", **YARN), head_dim=128, rms_norm_eps=1e-6, tie_word_embeddings=True),
        "Q1_0", "Q1_0", 128,
    ),
    Family(
        "hf-qwen3-q2", 24, "qwen3", Qwen3ForCausalLM,
        Qwen3Config(**COMMON, **rope(1e6), head_dim=128, rms_norm_eps=1e-6, tie_word_embeddings=False),
        "Q2_0", "Q2_0", 64,
    ),
    Family(
        "hf-qwen3-q2-g128", 25, "qwen3", Qwen3ForCausalLM,
        Qwen3Config(**COMMON, **rope(1e6), head_dim=128, rms_norm_eps=1e-6, tie_word_embeddings=True),
        "Q2_0", "Q2_0", 128,
    ),
]

LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.attn_sub_norm": "attn_sub_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.ffn_sub_norm": "ffn_sub_norm",
}
GLOBAL_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def gguf_name(name: str) -> str:
    stem = name.removesuffix(".weight")
    if stem in GLOBAL_NAMES:
        return f"{GLOBAL_NAMES[stem]}.weight"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[rest]}.weight"


def half(values) -> np.ndarray:
    """The nearest f16 values, as float32."""
    return np.asarray(values, np.float32).astype(np.float16).astype(np.float32)


def draw_matrix(rng, family: Family, kind: str, shape: tuple[int, int], deviation: float):
    """Weights [rows, K] of about the given deviation in a low-bit form, and a function that encodes them."""
    rows, length = shape
    if kind == "F16":
        values = half(rng.normal(0, deviation, shape))
        return values, lambda name, w: packing.f16(name, w)
    if kind == "TQ2_0":
        scale = half(deviation * math.sqrt(1.5))
        codes = rng.integers(-1, 2, shape)
        return codes * scale, lambda name, w: packing.tq2_0(name, np.rint(w / scale).astype(np.int8), float(scale))
    blocks = (rows, length // family.group)
    signs = kind == "Q1_0"
    # Q2_0 values -1 to 2 at these odds have mean 0 and variance 1.2.
    whole = rng.choice([-1, 1], shape) if signs else rng.choice([-1, 0, 1, 2], shape, p=[0.45, 0.25, 0.15, 0.15])
    scales = half(deviation * rng.uniform(0.6, 1.4, blocks) / (1.0 if signs else math.sqrt(1.2)))
    wide = np.repeat(scales, family.group, axis=1)
    encode = packing.q1_0 if signs else packing.q2_0
    return whole * wide, lambda name, w: encode(name, np.rint(w / wide).astype(np.int8), scales)


def permute(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows in the order llama's converter writes for pairwise RoPE."""
    rows, length = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, length).swapaxes(1, 2).reshape(rows, length)


def draw(family: Family) -> tuple[torch.nn.Module, list[Tensor]]:
    """The transformers model with drawn weights, and its tensors as the file holds them."""
    rng = np.random.default_rng(family.seed)
    model = family.model(family.config).float().eval()
    tensors = []
    for name, parameter in model.named_parameters():
        target, shape = gguf_name(name), tuple(parameter.shape)
        if len(shape) == 1:
            values = rng.uniform(0.7, 1.3, shape).astype(np.float32)
            tensors.append(packing.f32(target, values))
        else:
            kind = family.table if target.startswith(("token_embd", "output.")) else family.linear
            deviation = (2.0 if kind == family.table and target[:3] != "blk" else 1.0) / math.sqrt(shape[1])
            values, encode = draw_matrix(rng, family, kind, shape, deviation)
            tensors.append(encode(target, file_order(family, target, values)))
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)))
    return model, tensors


def file_order(family: Family, target: str, values: np.ndarray) -> np.ndarray:
    if family.arch != "llama" or not target.endswith(("attn_q.weight", "attn_k.weight")):
        return values
    config = family.config
    return permute(values, config.num_attention_heads if "attn_q" in target else config.num_key_value_heads)


def llama3_factors(config) -> np.ndarray:
    """Frequency divisors of Llama 3.1, as llama.cpp's converter writes them."""
    head = config.hidden_size // config.num_attention_heads
    base, original = config.rope_parameters["rope_theta"], LLAMA3["original_max_position_embeddings"]
    low, high = original / LLAMA3["low_freq_factor"], original / LLAMA3["high_freq_factor"]
    factors = []
    for i in range(0, head, 2):
        wave = 2 * math.pi * base ** (i / head)
        smooth = (original / wave - LLAMA3["low_freq_factor"]) / (LLAMA3["high_freq_factor"] - LLAMA3["low_freq_factor"])
        between = 1 / ((1 - smooth) / LLAMA3["factor"] + smooth)
        factors.append(1.0 if wave < high else LLAMA3["factor"] if wave > low else between)
    return np.array(factors, np.float32)


def metadata(family: Family) -> dict:
    config = family.config
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    sizes = {
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.key_length": head,
        "attention.value_length": head,
        "attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
        "rope.dimension_count": head,
        "rope.freq_base": float(config.rope_parameters["rope_theta"]),
        "vocab_size": config.vocab_size,
    }
    if config.rope_parameters["rope_type"] == "yarn":
        sizes |= {
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": YARN["factor"],
            "rope.scaling.original_context_length": YARN["original_max_position_embeddings"],
        }
    general = {"general.architecture": family.arch, "general.name": family.name}
    model = {f"{family.arch}.{key}": value for key, value in sizes.items()}
    return general | model | tokenizer_metadata(tiny_tokenizer(), "gpt-2", "<|im_end|>", "<|endoftext|>", None)


def rounded(x: torch.Tensor, group: int) -> torch.Tensor:
    """Int8 per `group` of the last axis, clamped to ±127, and back."""
    parts = x.unflatten(-1, (-1, group))
    step = parts.abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
    return (torch.round(parts / step).clamp(-127, 127) * step).flatten(-2)


def logits_of(model: torch.nn.Module, ids: list[int], group: int = 0) -> torch.Tensor:
    """Logits of the last positions; with `group`, inputs of all linears go through int8 per that many channels."""
    hooks = []
    if group:
        linears = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
        hooks = [m.register_forward_pre_hook(lambda _, x: (rounded(x[0], group), *x[1:])) for m in linears]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -POSITIONS:]
    for hook in hooks:
        hook.remove()
    return logits


def activation_error(model: torch.nn.Module, ids: list[int], exact: torch.Tensor) -> dict:
    """What int8 activations cost in logits (rms) with a scale per 32 channels, as in llama.cpp, and per 128, as here."""
    return {f"per{group}": (logits_of(model, ids, group) - exact).square().mean().sqrt().item() for group in (32, 128)}


def main() -> None:
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        model, tensors = draw(family)
        if family.arch == "llama":
            tensors.append(packing.f32("rope_freqs.weight", llama3_factors(family.config)))
        size = write(OUT / f"{family.name}.gguf", metadata(family), tensors)
        ids = np.random.default_rng(family.seed + 100).integers(0, SHAPE.vocab_size, TOKENS).tolist()
        logits = logits_of(model, ids)
        error = activation_error(model, ids, logits)
        golden = {
            "seed": family.seed,
            "generator": COMMAND,
            "model": f"{family.name}.gguf",
            "class": family.model.__name__,
            "ids": ids,
            "vocabSize": SHAPE.vocab_size,
            "activationError": error,
            "logits": base64.b64encode(logits.numpy().astype("<f4").tobytes()).decode("ascii"),
        }
        (OUT / f"{family.name}.golden.json").write_text(json.dumps(golden) + "\n")
        print(f"{family.name}: {size} bytes, std of logits {logits.std().item():.3f}, error of int8 inputs {error}")


if __name__ == "__main__":
    main()
