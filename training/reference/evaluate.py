"""Share of exact answers of a GGUF model on a draw of the generator, by the integer-exact reference.

Run: python -m training.reference.evaluate FILE.gguf EXAMPLES.jsonl
"""

import argparse
from collections import Counter
from pathlib import Path

import torch
from training.reference.model import Reference
from training.reference.vocabulary import tokenizer_of
from training.train.tokenizer import prompt_text, read_examples


def answers_exactly(model: Reference, prompt: list[int], answer: list[int]) -> bool:
    """True where greedy decoding gives `answer`: every token of it is the arg max behind the tokens before."""
    logits = model.exact().extend(prompt + answer[:-1])
    return logits[len(prompt) - 1 :].argmax(-1).tolist() == answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = Reference(args.model)
    tokenizer = tokenizer_of(model.meta)
    right, total = Counter(), Counter()
    for example in read_examples(args.examples, args.count):
        prompt = tokenizer.encode(prompt_text(example["prompt"])).ids
        answer = tokenizer.encode(example["completion"] + "<|im_end|>").ids
        total[example["kind"]] += 1
        right[example["kind"]] += answers_exactly(model, prompt, answer)
    for kind in sorted(total):
        print(f"{kind:10} {right[kind]:4d} of {total[kind]}")
    print(f"exact {100 * right.total() / total.total():.1f} % of {total.total()}")


if __name__ == "__main__":
    main()
