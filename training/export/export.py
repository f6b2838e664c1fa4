"""Turn a checkpoint of training/train into the GGUF file the assistant ships, and list it in models.json.

Run: python -m training.export.export
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from training.export import packing
from training.export.gguf_writer import Tensor, write
from training.export.metadata import Shape, model_metadata, tokenizer_metadata
from training.train.model import Config, ternary
from training.train.tokenizer import CHAT_TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "apps/assistant"
ID = "pocketbit-actions"
COMMAND = "bash training/make-model.sh"
LINEARS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
NORMS = ("attn_norm", "attn_sub_norm", "ffn_norm", "ffn_sub_norm")


def shape_of(config: Config) -> Shape:
    return Shape(
        vocab_size=config.vocab_size,
        dim=config.dim,
        layers=config.layers,
        heads=config.heads,
        kv_heads=config.kv_heads,
        ffn=config.ffn,
        context=config.context,
        rope_base=config.rope_base,
        eps=config.eps,
    )


def linear(weights: dict, layer: int, name: str) -> Tensor:
    """A ternary matrix as TQ2_0; its scale is rounded to f16, which is what the file can hold."""
    codes, scale = ternary(weights[f"blk.{layer}.{name}"])
    return packing.tq2_0(f"blk.{layer}.{name}.weight", codes.numpy().astype(np.int8), float(scale))


def norm(weights: dict, name: str) -> Tensor:
    return packing.f32(f"{name}.weight", weights[f"{name}.weight"].numpy())


def tensors(weights: dict, config: Config) -> list[Tensor]:
    result = [packing.q8_0("token_embd.weight", weights["token_embd"].numpy())]
    for layer in range(config.layers):
        result += [norm(weights, f"blk.{layer}.{name}") for name in NORMS]
        result += [linear(weights, layer, name) for name in LINEARS]
    return [*result, norm(weights, "output_norm")]


def catalogue_entry(path: Path, config: Config, parameters: int) -> dict:
    """The model's record in models.json; `bytes` and `sha256` describe the whole file."""
    raw = path.read_bytes()
    return {
        "id": ID,
        "name": "Pocketbit Actions",
        "description": "Turns short English requests into actions (timer, reminder, list, note, convert,"
        " calculate) and tells short stories. Trained from scratch on this project's own generated text.",
        "url": f"models/{path.name}",
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "parameters": parameters,
        "license": "Apache-2.0",
        "contextLength": config.context,
        "turns": 1,
        "command": COMMAND,
    }


def update_catalogue(path: Path, entry: dict) -> None:
    """Put the entry in place of the one with the same id, or at the end."""
    catalogue = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"models": []}
    others = [model for model in catalogue["models"] if model["id"] != entry["id"]]
    text = json.dumps({"models": [entry, *others]}, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "training/out/model.pt")
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "training/out/tokenizer.json")
    parser.add_argument("--app", type=Path, default=APP, help="folder with models.json and public/models")
    args = parser.parse_args()
    state = torch.load(args.checkpoint)
    config, weights = Config(**state["config"]), state["weights"]
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    vocabulary = tokenizer_metadata(tokenizer, "qwen2", "<|im_end|>", "<|endoftext|>", CHAT_TEMPLATE)
    path = args.app / f"public/models/{ID}.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = model_metadata("bitnet", "Pocketbit Actions", shape_of(config), "TQ2_0")
    size = write(path, meta | {"general.license": "apache-2.0"} | vocabulary, tensors(weights, config))
    parameters = sum(tensor.numel() for tensor in weights.values())
    update_catalogue(args.app / "models.json", catalogue_entry(path, config, parameters))
    print(f"{path.name}: {size} bytes, {parameters} parameters, {state['minutes']:.0f} minutes of training")


if __name__ == "__main__":
    main()
