"""The tokenizer inside a GGUF file as a `tokenizers.Tokenizer`: byte-level BPE, pre-tokenizer qwen2 or gpt-2."""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from training.train.tokenizer import QWEN2

CONTROL = 3


def pre_tokenizer(name: str):
    if name == "gpt-2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    if name != "qwen2":
        raise ValueError(f"tokenizer.ggml.pre is {name!r}; expected 'qwen2' or 'gpt-2'")
    digits_alone = pre_tokenizers.Split(Regex(QWEN2), behavior="isolated")
    plain_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([digits_alone, plain_bytes])


def tokenizer_of(meta: dict) -> Tokenizer:
    """Build the tokenizer from a file's metadata."""
    tokens = meta["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in meta["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizer(meta["tokenizer.ggml.pre"])
    tokenizer.decoder = decoders.ByteLevel()
    kinds = meta["tokenizer.ggml.token_type"]
    special = [token for token, kind in zip(tokens, kinds) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return tokenizer
