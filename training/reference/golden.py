"""Make the tiny random models of tests/fixtures/tiny and the logits the reference gives for them.

Run: python -m training.reference.golden
"""

import argparse
import base64
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from training.export import packing
from training.export.gguf_writer import Tensor, write
from training.export.metadata import Shape, model_metadata, tokenizer_metadata
from training.reference.model import Reference

OUT = Path(__file__).resolve().parents[2] / "tests/fixtures/tiny"
COMMAND = "python -m training.reference.golden"
SHAPE = Shape(vocab_size=320, dim=256, layers=2, heads=4, kv_heads=2, ffn=512, context=256)
TOKENS = 32
FLOAT_POSITIONS = 8
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CORPUS = [
    "the quick brown fox and the lazy dog went there and then the rain was in the other part of the town",
    "one of the things that they wanted was a rest, and there was another one in the inner room",
]


@dataclass(frozen=True)
class Recipe:
    """One tiny model: architecture, activation, type of linears and of the embedding, gain of the ternary scale."""

    name: str
    seed: int
    arch: str
    linear: str
    table: str
    hidden_activation: str | None = None


RECIPES = [
    Recipe("tiny-tq2", 11, "bitnet", "TQ2_0", "F16"),
    Recipe("tiny-i2s", 12, "bitnet-b1.58", "I2_S", "Q8_0"),
    Recipe("tiny-q6k", 13, "bitnet", "TQ2_0", "Q6_K", "relu2"),
    Recipe("tiny-w1a1", 14, "bitnet", "Q1_0", "F16"),
]


def tiny_tokenizer() -> Tokenizer:
    """Byte-level BPE of exactly SHAPE.vocab_size tokens, llama.cpp pre-tokenizer gpt-2."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SHAPE.vocab_size,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if tokenizer.get_vocab_size() != SHAPE.vocab_size:
        raise ValueError(f"{tokenizer.get_vocab_size()} tokens; expected {SHAPE.vocab_size}")
    return tokenizer


def linear_shapes(layer: int) -> dict[str, tuple[int, int]]:
    s, kv = SHAPE, SHAPE.dim // SHAPE.heads * SHAPE.kv_heads
    parts = {
        "attn_q": (s.dim, s.dim),
        "attn_k": (kv, s.dim),
        "attn_v": (kv, s.dim),
        "attn_output": (s.dim, s.dim),
        "ffn_gate": (s.ffn, s.dim),
        "ffn_up": (s.ffn, s.dim),
        "ffn_down": (s.dim, s.ffn),
    }
    return {f"blk.{layer}.{name}": shape for name, shape in parts.items()}


def norm_sizes(layer: int) -> dict[str, int]:
    names = ("attn_norm", "attn_sub_norm", "ffn_norm", "ffn_sub_norm")
    return {f"blk.{layer}.{name}": SHAPE.ffn if name == "ffn_sub_norm" else SHAPE.dim for name in names}


def random_linear(rng: np.random.Generator, recipe: Recipe, name: str, shape: tuple[int, int]) -> list[Tensor]:
    """Random weights scaled so that inputs of unit mean square give outputs of about unit mean square."""
    gain = 1 / np.sqrt(shape[1])
    if recipe.linear == "Q1_0":
        signs = rng.choice(np.array([-1, 1], np.int8), shape)
        alpha = (gain * rng.uniform(0.7, 1.3, shape[0])).astype(np.float32)
        threshold = rng.normal(0, 0.2, shape[1]).astype(np.float32)
        thresholds = packing.f32(f"{name}.act_threshold", threshold)
        return [packing.q1_0(f"{name}.weight", signs, alpha), thresholds]
    codes = rng.integers(-1, 2, shape).astype(np.int8)
    codes[rng.integers(0, shape[0])] = 0
    scale = gain * np.sqrt(1.5)
    encode = packing.tq2_0 if recipe.linear == "TQ2_0" else packing.i2_s
    return [encode(f"{name}.weight", codes, scale)]


def random_norm(rng: np.random.Generator, name: str, size: int) -> Tensor:
    return packing.f32(f"{name}.weight", rng.uniform(0.7, 1.3, size).astype(np.float32))


def random_tensors(recipe: Recipe) -> list[Tensor]:
    """Embedding rows of deviation 2 / sqrt(dim) make logits of deviation about 2."""
    rng = np.random.default_rng(recipe.seed)
    table = rng.normal(0, 2 / np.sqrt(SHAPE.dim), (SHAPE.vocab_size, SHAPE.dim)).astype(np.float32)
    encode = {"F16": packing.f16, "Q8_0": packing.q8_0, "Q6_K": packing.q6_k}[recipe.table]
    tensors = [encode("token_embd.weight", table), random_norm(rng, "output_norm", SHAPE.dim)]
    for layer in range(SHAPE.layers):
        for name, size in norm_sizes(layer).items():
            tensors.append(random_norm(rng, name, size))
        for name, shape in linear_shapes(layer).items():
            tensors.extend(random_linear(rng, recipe, name, shape))
    return tensors


def metadata(recipe: Recipe) -> dict:
    meta = model_metadata(recipe.arch, recipe.name, SHAPE, recipe.linear)
    if recipe.hidden_activation:
        meta[f"{recipe.arch}.hidden_activation"] = recipe.hidden_activation
    if recipe.linear == "Q1_0":
        meta["pocketbit.activation_bits"] = 1
    return meta | tokenizer_metadata(tiny_tokenizer(), "gpt-2", "<|im_end|>", "<|endoftext|>", None)


def pack(logits: torch.Tensor) -> str:
    """Base64 of little-endian float32, row-major."""
    return base64.b64encode(logits.numpy().astype("<f4").tobytes()).decode("ascii")


def golden(recipe: Recipe, path: Path) -> dict:
    model = Reference(path)
    ids = np.random.default_rng(recipe.seed + 1000).integers(0, SHAPE.vocab_size, TOKENS).tolist()
    exact = model.exact().extend(ids)
    print(f"{recipe.name}: std of logits {exact.std():.3f}", end="")
    result = {
        "seed": recipe.seed,
        "generator": COMMAND,
        "model": path.name,
        "ids": ids,
        "vocabSize": SHAPE.vocab_size,
        "integerExact": {
            "kvF32": pack(exact),
            "kvI8": pack(model.exact(kv="i8").extend(ids)[-1]),
            "kvI4": pack(model.exact(kv="i4").extend(ids)[-1]),
            "headF32": pack(model.exact(head="f32").extend(ids)[-1]),
        },
    }
    if recipe.linear != "Q1_0":
        plain = model.float().extend(ids)
        rms = (plain - exact).square().mean().sqrt()
        print(f", rms of exact - float {rms:.4f}", end="")
        result["floatMode"] = pack(plain[-FLOAT_POSITIONS:])
    print()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    for recipe in RECIPES:
        path = out / f"{recipe.name}.gguf"
        size = write(path, metadata(recipe), random_tensors(recipe))
        result = json.dumps(golden(recipe, path))
        (out / f"{recipe.name}.golden.json").write_text(result + "\n", encoding="utf-8")
        print(f"  {size} bytes")


if __name__ == "__main__":
    main()
