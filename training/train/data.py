"""Token batches for the trainer: examples of like length side by side, so that little is padding."""

import random
from array import array
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from training.train.tokenizer import prompt_text, read_examples

IGNORE = -100
SLAB = 4096


class Examples:
    """Token ids of many examples in one flat array: row `i` is `ids[start[i]:start[i + 1]]`."""

    def __init__(self, ids: np.ndarray, start: np.ndarray, answer: np.ndarray):
        self.ids, self.start, self.answer = ids, start, answer

    def __len__(self) -> int:
        return len(self.answer)

    def lengths(self) -> np.ndarray:
        """Tokens per example, prompt and answer together."""
        return np.diff(self.start)


def encode(tokenizer: Tokenizer, path: Path, limit: int | None = None) -> Examples:
    """Tokenize a JSON-lines file; `answer[i]` is the index in row `i` of the first token to predict."""
    ids, start, answer = array("H"), array("q", [0]), array("q")
    slab: list[dict] = []

    def flush() -> None:
        prompts = tokenizer.encode_batch([prompt_text(e["prompt"]) for e in slab])
        answers = tokenizer.encode_batch([e["completion"] + "<|im_end|>" for e in slab])
        for prompt, completion in zip(prompts, answers):
            ids.extend(prompt.ids + completion.ids)
            start.append(len(ids))
            answer.append(len(prompt.ids))
        slab.clear()

    for example in read_examples(path, limit):
        slab.append(example)
        if len(slab) == SLAB:
            flush()
    flush()
    return Examples(np.array(ids), np.array(start), np.array(answer))


def pad(examples: Examples, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack rows to ids [B, T] and targets [B, T]; targets outside the answers are IGNORE."""
    length = int(examples.lengths()[rows].max())
    ids = np.zeros((len(rows), length), dtype=np.int64)
    targets = np.full((len(rows), length), IGNORE, dtype=np.int64)
    for i, row in enumerate(rows):
        tokens = examples.ids[examples.start[row] : examples.start[row + 1]]
        ids[i, : len(tokens)] = tokens
        first = examples.answer[row]
        targets[i, first - 1 : len(tokens) - 1] = tokens[first:]
    return torch.from_numpy(ids), torch.from_numpy(targets)


def batches(examples: Examples, tokens: int, seed: int):
    """Endless batches of about `tokens` tokens: shuffle, sort windows of rows by length, cut, shuffle the cuts."""
    shuffle = random.Random(seed)
    lengths = examples.lengths()
    order = np.arange(len(examples))
    while True:
        np.random.default_rng(shuffle.getrandbits(32)).shuffle(order)
        for window in np.array_split(order, max(1, len(order) // 20_000)):
            rows = window[np.argsort(lengths[window], kind="stable")]
            cuts = np.searchsorted(np.cumsum(lengths[rows]), np.arange(tokens, lengths[rows].sum(), tokens))
            groups = [group for group in np.split(rows, cuts) if len(group)]
            shuffle.shuffle(groups)
            yield from (pad(examples, group) for group in groups)
