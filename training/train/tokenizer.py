"""Train the byte-level BPE of the bundled model on the generator's text.

The pre-tokenizer is llama.cpp's `qwen2` (every digit alone, no BOS), so that a GGUF reader needs no rule of its own.
"""

import argparse
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parents[2]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Source: llama.cpp, src/llama-vocab.cpp, LLAMA_VOCAB_PRE_TYPE_QWEN2.
QWEN2 = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
    " + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def prompt_text(request: str) -> str:
    """The chat frame of one request, up to the place where the answer begins."""
    return f"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n"


def read_examples(path: Path, limit: int | None = None):
    """Yield the generator's examples {prompt, completion, kind} from a JSON-lines file."""
    with open(path, encoding="utf-8") as file:
        for index, line in enumerate(file):
            if index == limit:
                return
            yield json.loads(line)


def train_tokenizer(path: Path, vocab_size: int, examples: int) -> Tokenizer:
    """Learn merges from the first `examples` lines of `path`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=20,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (f"user\n{e['prompt']}\nassistant\n{e['completion']}" for e in read_examples(path, examples))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "training/out/train.jsonl")
    parser.add_argument("--out", type=Path, default=ROOT / "training/out/tokenizer.json")
    parser.add_argument("--vocab-size", type=int, default=2048)
    parser.add_argument("--examples", type=int, default=100_000)
    args = parser.parse_args()
    tokenizer = train_tokenizer(args.data, args.vocab_size, args.examples)
    tokenizer.save(str(args.out))
    print(f"{tokenizer.get_vocab_size()} tokens -> {args.out}")


if __name__ == "__main__":
    main()
