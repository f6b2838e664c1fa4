"""Read GGUF version 3 files for the reference model. Source of the layout: ggml, docs/gguf.md."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
STRING, ARRAY = 8, 9
# Type id -> name, weights per block, bytes per block. I2_S has no blocks: K / 4 bytes a row and a tail of 32 bytes.
TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    8: ("Q8_0", 32, 34),
    14: ("Q6_K", 256, 210),
    35: ("TQ2_0", 256, 66),
    36: ("I2_S", 4, 1),
    41: ("Q1_0", 128, 18),
}


@dataclass(frozen=True)
class RawTensor:
    """Bytes of one tensor; `shape` is [rows, K] or [K]."""

    kind: str
    shape: tuple[int, ...]
    data: np.ndarray


class Cursor:
    """Sequential reads from the header."""

    def __init__(self, raw: bytes):
        self.raw, self.at = raw, 0

    def take(self, code: str):
        (value,) = struct.unpack_from("<" + code, self.raw, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def text(self) -> str:
        size = self.take("Q")
        self.at += size
        return self.raw[self.at - size : self.at].decode("utf-8")

    def value(self, kind: int):
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            item, count = self.take("I"), self.take("Q")
            return [self.value(item) for _ in range(count)]
        return self.take(SCALARS[kind])


def tensor_bytes(kind: int, shape: tuple[int, ...]) -> int:
    _, weights, size = TYPES[kind]
    count = int(np.prod(shape))
    return count // weights * size + (32 if kind == 36 else 0)


def read(path: Path) -> tuple[dict, dict[str, RawTensor]]:
    """Metadata and tensors by name."""
    cursor = Cursor(Path(path).read_bytes())
    if cursor.raw[:4] != b"GGUF":
        raise ValueError(f"{path}: starts with {cursor.raw[:4]!r}, expected b'GGUF'")
    cursor.at = 8
    tensor_count, key_count = cursor.take("Q"), cursor.take("Q")
    metadata = {}
    for _ in range(key_count):
        key = cursor.text()
        metadata[key] = cursor.value(cursor.take("I"))
    infos = [read_info(cursor) for _ in range(tensor_count)]
    alignment = metadata.get("general.alignment", 32)
    start = -(-cursor.at // alignment) * alignment
    return metadata, {name: load(cursor.raw, start, *rest) for name, *rest in infos}


def read_info(cursor: Cursor):
    name = cursor.text()
    dims = [cursor.take("Q") for _ in range(cursor.take("I"))]
    return name, tuple(reversed(dims)), cursor.take("I"), cursor.take("Q")


def load(raw: bytes, start: int, shape: tuple[int, ...], kind: int, offset: int) -> RawTensor:
    if kind not in TYPES:
        raise ValueError(f"tensor type {kind} is not one of {[name for name, *_ in TYPES.values()]}")
    data = np.frombuffer(raw, np.uint8, tensor_bytes(kind, shape), start + offset)
    return RawTensor(TYPES[kind][0], shape, data)
