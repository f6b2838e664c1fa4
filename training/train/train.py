"""Train the bundled model on one CPU thread for a fixed time and leave a checkpoint for training/export/export.py.

The learning rate follows the share of the time that has passed, so a run always ends with a cooled-down model.
"""

import argparse
import dataclasses
import math
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAYON_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from training.train.data import IGNORE, Examples, batches, encode, pad
from training.train.model import BitNet, Config

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "training/out"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=OUT / "train.jsonl")
    parser.add_argument("--heldout", type=Path, default=OUT / "test.jsonl", help="draw with a test seed")
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "training/out/tokenizer.json")
    parser.add_argument("--out", type=Path, default=OUT / "model.pt")
    parser.add_argument("--resume", type=Path, help="start from the weights of this checkpoint")
    parser.add_argument("--minutes", type=float, default=80)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=4096, help="tokens per step")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05, help="weight decay in the first half")
    parser.add_argument("--compute", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument(
        "--compile",
        action="store_true",
        help="fuse the layers with TorchInductor (needs a C++ compiler)",
    )
    parser.add_argument("--examples", type=int, help="use only the first N examples")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--eval-minutes", type=float, default=5)
    return parser.parse_args()


def answer_loss(model: BitNet, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats over the answer tokens of a batch; ids and targets are [B, T]."""
    wanted = targets != IGNORE
    return F.cross_entropy(model.logits(model.hidden(ids)[wanted]), targets[wanted])


@torch.no_grad()
def exact_share(model: BitNet, examples: Examples, count: int = 300) -> float:
    """Share of examples whose greedy answer is exactly the expected one.

    Greedy decoding reproduces an answer if and only if every token of it is the arg max behind the tokens before it,
    so one pass over the expected text decides.
    """
    right = 0
    rows = torch.arange(min(count, len(examples))).split(50)
    for group in rows:
        ids, targets = pad(examples, group.numpy())
        hit = model.logits(model.hidden(ids)).argmax(-1) == targets
        right += int((hit | (targets == IGNORE)).all(-1).sum())
    return right / sum(map(len, rows))


class Schedule:
    """Learning rate and weight decay as functions of the share of time passed (0..1)."""

    def __init__(self, optimizer: torch.optim.Optimizer, lr: float, decay: float):
        self.optimizer, self.lr, self.decay = optimizer, lr, decay

    def set(self, share: float) -> float:
        """Short warm-up, then a cosine down to 2 %; decay is off in the second half, as BitNet b1.58 does."""
        warm = min(1.0, share / 0.02)
        lr = self.lr * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            group["weight_decay"] = self.decay * group["matrix"] if share < 0.5 else 0.0
        return lr


def make_optimizer(model: BitNet) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "matrix": 1.0}, {"params": vectors, "matrix": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-8, fused=True)


def save(model: BitNet, path: Path, minutes: float, exact: float) -> None:
    partial = path.with_suffix(".partial")
    state = {"config": dataclasses.asdict(model.config), "weights": model.state_dict()}
    torch.save(state | {"minutes": minutes, "exact": exact}, partial)
    partial.replace(path)


class Run:
    """One training run: model, data, clock and log."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        tokenizer = Tokenizer.from_file(str(args.tokenizer))
        self.train = encode(tokenizer, args.data, args.examples)
        self.heldout = encode(tokenizer, args.heldout)
        config = Config(vocab_size=tokenizer.get_vocab_size(), layers=args.layers)
        self.model = BitNet(config, getattr(torch, args.compute))
        if args.resume:
            self.model.load_state_dict(torch.load(args.resume)["weights"])
        if args.compile:
            for block in self.model.blk:
                block.forward = torch.compile(block.forward, dynamic=True)
        self.optimizer = make_optimizer(self.model)
        self.schedule = Schedule(self.optimizer, args.lr, args.decay)
        self.start = time.monotonic()
        self.steps = self.tokens = 0
        self.loss = float("nan")

    def minutes(self) -> float:
        return (time.monotonic() - self.start) / 60

    def step(self, ids: torch.Tensor, targets: torch.Tensor) -> None:
        self.schedule.set(self.minutes() / self.args.minutes)
        loss = answer_loss(self.model, ids, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.steps, self.tokens = self.steps + 1, self.tokens + ids.numel()
        value = loss.item()
        self.loss = value if math.isnan(self.loss) else 0.97 * self.loss + 0.03 * value

    def report(self) -> None:
        exact = exact_share(self.model, self.heldout)
        save(self.model, self.args.out, self.minutes(), exact)
        rate = self.tokens / (60 * self.minutes())
        print(
            f"{self.minutes():6.1f} min  step {self.steps:6d}  loss {self.loss:.4f}  exact {100 * exact:5.1f} %"
            f"  {rate:.0f} tokens/s  {self.tokens / 1e6:.1f} M tokens",
            flush=True,
        )

    def run(self) -> None:
        parameters = sum(p.numel() for p in self.model.parameters())
        print(
            f"{parameters} parameters, {len(self.train)} examples, {len(self.train.ids)} tokens",
            flush=True,
        )
        next_report = min(1.0, self.args.eval_minutes)
        for ids, targets in batches(self.train, self.args.tokens, self.args.seed):
            self.step(ids, targets)
            if self.minutes() > next_report:
                self.report()
                next_report = self.minutes() + self.args.eval_minutes
            if self.minutes() > self.args.minutes:
                break
        self.report()


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    Run(args).run()


if __name__ == "__main__":
    main()
