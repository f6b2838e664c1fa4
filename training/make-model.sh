#!/usr/bin/env bash
# Make the bundled model from nothing: text, tokenizer, training, GGUF file, greedy fixture. About 80 minutes.
# Needs Node, npm packages and the Python packages of training/requirements.txt; PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
minutes=${MINUTES:-75}
out=training/out
mkdir -p "$out"

npx tsx training/generator/cli.ts --seed 1 --count 1000000 --training --out "$out/train.jsonl"
npx tsx training/generator/cli.ts --seed 1000001 --count 1000 --kinds commands --out "$out/test.jsonl"
"$python" -m training.train.tokenizer

# One thread; glibc keeps freed blocks, which otherwise go back to the kernel at every step (measured 15 % slower).
export OMP_NUM_THREADS=1 TORCHINDUCTOR_COMPILE_THREADS=1
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=-1 MALLOC_TOP_PAD_=268435456
"$python" -m training.train.train --minutes "$minutes" --compile

"$python" -m training.export.export
"$python" -m training.reference.evaluate apps/assistant/public/models/pocketbit-actions.gguf "$out/test.jsonl"
"$python" -m training.reference.greedy
