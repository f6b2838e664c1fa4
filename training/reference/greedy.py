"""The reference's greedy answers to fixed prompts, with the gap between the two highest logits at every step.

Run: python -m training.reference.greedy [FILE.gguf]
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from training.reference.model import Reference
from training.reference.vocabulary import tokenizer_of
from training.train.tokenizer import prompt_text

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "apps/assistant/public/models/pocketbit-actions.gguf"
OUT = ROOT / "tests/fixtures/bundled/greedy.json"
COMMAND = "python -m training.reference.greedy"
PROMPTS = [
    "Set a timer for 10 minutes",
    "start a 45 second timer please",
    "timer for half an hour",
    "Remind me to call mom tomorrow at 5 pm",
    "remind me on Friday to water the plants",
    "In 20 minutes, remind me to check the oven",
    "add milk to the shopping list",
    "Please remove bananas from my grocery list",
    "what's on my packing list?",
    "Put two bottles of water on the camping list.",
    "note that the spare key is in the garage",
    "Take a note: Anna likes dark chocolate",
    "write down that the meeting is moved to Monday",
    "convert 10 km to miles",
    "how many cups are in 3 liters?",
    "what is 12 times 7",
    "calculate 15% of 80",
    "hello there",
    "What's the weather like in Paris?",
    "Tell me a story about a fox",
    "write a short story about a robot named Ben",
]
MAX_TOKENS = 160


def greedy(model: Reference, prompt: list[int], end: int) -> tuple[list[int], list[float]]:
    """Token ids up to and with `end`, and the gap in logits between first and second choice at each."""
    session, ids, gaps = model.exact(), [], []
    logits = session.extend(prompt)[-1]
    while len(ids) < MAX_TOKENS:
        best = torch.topk(logits, 2)
        ids.append(int(best.indices[0]))
        gaps.append(round(float(best.values[0] - best.values[1]), 5))
        if ids[-1] == end:
            break
        logits = session.extend(ids[-1:])[-1]
    return ids, gaps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=MODEL)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = Reference(args.model)
    tokenizer, end = tokenizer_of(model.meta), model.meta["tokenizer.ggml.eos_token_id"]
    cases = []
    for request in PROMPTS:
        prompt = tokenizer.encode(prompt_text(request)).ids
        ids, gaps = greedy(model, prompt, end)
        text = tokenizer.decode(ids, skip_special_tokens=True)
        print(f"{request}\n  {text}")
        cases.append({"prompt": request, "promptIds": prompt, "ids": ids, "text": text, "gaps": gaps})
    digest = hashlib.sha256(args.model.read_bytes()).hexdigest()
    mode = "integer-exact, f32 KV, int8 head"
    result = {
        "generator": COMMAND,
        "model": args.model.name,
        "sha256": digest,
        "mode": mode,
        "cases": cases,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
