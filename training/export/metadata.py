"""GGUF metadata of a Pocketbit model: what llama.cpp reads for the architectures `bitnet` and `bitnet-b1.58`."""

import json
from dataclasses import dataclass

from tokenizers import Tokenizer

NORMAL, CONTROL = 1, 3
FILE_TYPES = {"F16": 1, "TQ2_0": 37, "I2_S": 40, "Q1_0": 40}


@dataclass(frozen=True)
class Shape:
    """Sizes of a model, in channels, heads, layers and tokens."""

    vocab_size: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    ffn: int
    context: int
    rope_base: float = 10000.0
    eps: float = 1e-5


def model_metadata(arch: str, name: str, shape: Shape, linear_type: str) -> dict:
    sizes = {
        "vocab_size": shape.vocab_size,
        "context_length": shape.context,
        "embedding_length": shape.dim,
        "block_count": shape.layers,
        "feed_forward_length": shape.ffn,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.layer_norm_rms_epsilon": float(shape.eps),
        "rope.dimension_count": shape.dim // shape.heads,
        "rope.freq_base": float(shape.rope_base),
    }
    general = {
        "general.architecture": arch,
        "general.name": name,
        "general.file_type": FILE_TYPES[linear_type],
        "general.quantization_version": 2,
    }
    return general | {f"{arch}.{key}": value for key, value in sizes.items()}


def tokenizer_metadata(tokenizer: Tokenizer, pre: str, end: str, pad: str, chat_template: str | None) -> dict:
    """Vocabulary of a byte-level BPE; `pre` is llama.cpp's pre-tokenizer name, `end` and `pad` are special tokens."""
    vocab = sorted(tokenizer.get_vocab(with_added_tokens=True).items(), key=lambda entry: entry[1])
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    model = json.loads(tokenizer.to_str())["model"]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    metadata = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": [token for token, _ in vocab],
        "tokenizer.ggml.token_type": [CONTROL if token in special else NORMAL for token, _ in vocab],
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": tokenizer.token_to_id(pad),
        "tokenizer.ggml.eos_token_id": tokenizer.token_to_id(end),
        "tokenizer.ggml.padding_token_id": tokenizer.token_to_id(pad),
        "tokenizer.ggml.add_bos_token": False,
    }
    return metadata | ({"tokenizer.chat_template": chat_template} if chat_template else {})
